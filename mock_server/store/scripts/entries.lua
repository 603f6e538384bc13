-- The newest entries. ARGV[5]: a number that theirs are above, [6]: how many at most. Answers {the last number, entries}.
local number = tonumber(redis.call('HGET', facts, 'number') or 0)
local most = math.min(number - ARGV[5], ARGV[6])
if most <= 0 then
  return {number, {}}
end
return {number, redis.call('LRANGE', journal, -most, -1)}
