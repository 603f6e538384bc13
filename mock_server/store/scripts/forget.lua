redis.call('UNLINK', journal)
unweigh(name)
return 1
