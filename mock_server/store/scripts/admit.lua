-- Keeps a login. ARGV[5]: the token's digest, [6]: user and role (JSON), [7]: how long it holds (ms) or '',
-- [8]: how long it is kept when it is not used (ms).
local key = base .. 't:' .. ARGV[5]
local expires = ''
if ARGV[7] ~= '' then
  expires = whole(read_clock()(now) + ARGV[7])
end
redis.call('HSET', key, 'login', ARGV[6], 'expires', expires, 'kept', ARGV[8])
redis.call('PEXPIRE', key, ARGV[8])
return done(1)
