local count = redis.call('HINCRBY', facts, 'tally:' .. ARGV[4], 1)
keep(facts)
return count
