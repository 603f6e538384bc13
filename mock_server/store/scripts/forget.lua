redis.call('UNLINK', journal)
return 1
