return redis.call('HGET', facts, 'note:' .. ARGV[5])
