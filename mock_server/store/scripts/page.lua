-- Jobs beside those of the start, in the order in which they were made. ARGV[4], [5]: the first and the last one's place
local ids = redis.call('LRANGE', made, ARGV[4], ARGV[5])
if #ids == 0 then
  return {ids, {}}
end
return {ids, redis.call('HMGET', jobs, unpack(ids))}
