-- ARGV[5]: key, [6]: number
redis.call('HSET', facts, 'note:' .. ARGV[5], ARGV[6])
keep(facts)
return done(1)
