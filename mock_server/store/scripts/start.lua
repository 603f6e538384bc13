-- Seeds the store: what the first replica brings is kept, and every one is told what that was.
local key = KEYS[1] .. 'start'
redis.call('SET', key, ARGV[1], 'NX')
return redis.call('GET', key)
