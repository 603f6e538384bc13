-- The newest entries. ARGV[4]: the lowest number, [5]: how many at most
return redis.call('XREVRANGE', journal, '+', ARGV[4] .. '-0', 'COUNT', ARGV[5])
