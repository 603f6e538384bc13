-- ARGV[4]: key, [5]: number
redis.call('HSET', facts, 'note:' .. ARGV[4], ARGV[5])
keep(facts)
return 1
