-- One entry. ARGV[4]: its number, [5]: how many the journal keeps
if tonumber(ARGV[4]) <= (redis.call('HGET', facts, 'number') or 0) - ARGV[5] then
  return {}
end
return redis.call('XRANGE', journal, ARGV[4] .. '-0', ARGV[4] .. '-0')
