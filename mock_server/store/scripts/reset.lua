redis.call('UNLINK', facts, jobs, made, journal)
return 1
