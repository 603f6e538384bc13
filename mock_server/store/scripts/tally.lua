local count = redis.call('HINCRBY', facts, 'tally:' .. ARGV[5], 1)
keep(facts)
return done(count)
