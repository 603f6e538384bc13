-- The states of jobs; nil for those of which nothing is known. ARGV[4]...: ids
return redis.call('HMGET', jobs, unpack(ARGV, 4))
