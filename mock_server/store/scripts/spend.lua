-- Applies what is armed to a request. ARGV[4]: its job, [5]: its role ('' for none), [6]: the call's own mark.
-- Answers nil, or {behaviour, how many times were left before}.
if again then
  local spent = redis.call('HMGET', base .. 'spent:' .. ARGV[6], 'armed', 'times')
  if spent[1] then
    return spent
  end
end
local armed = redis.call('HGET', facts, 'armed')
if not armed then
  return false
end
local behavior = cjson.decode(armed)
if (behavior.job_id and behavior.job_id ~= ARGV[4]) or (behavior.role and behavior.role ~= ARGV[5]) then
  return false
end
if behavior.percentage then
  local draw = redis.call('HINCRBY', facts, 'draws', 1)
  local digits = string.sub(redis.sha1hex(SEED .. ':' .. draw), 1, 8)
  if tonumber(digits, 16) / 4294967296 * 100 >= behavior.percentage then
    return false
  end
end
local times = redis.call('HGET', facts, 'times')
if times then
  if tonumber(times) > 1 then
    redis.call('HINCRBY', facts, 'times', -1)
  else
    redis.call('HDEL', facts, 'armed', 'times')
  end
  local spent = base .. 'spent:' .. ARGV[6]
  redis.call('HSET', spent, 'armed', armed, 'times', times)
  redis.call('PEXPIRE', spent, 10000)
end
return {armed, times or ''}
