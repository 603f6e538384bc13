-- Applies what is armed to a request. ARGV[5]: its job, [6]: its role, [7]: its operation ('' for none).
-- Answers nil, or {behaviour, how many times were left before}.
local armed = redis.call('HGET', facts, 'armed')
if not armed then
  return false
end
local behavior = cjson.decode(armed)
if (behavior.job_id and behavior.job_id ~= ARGV[5]) or (behavior.role and behavior.role ~= ARGV[6])
  or (behavior.operation or '') ~= ARGV[7] then
  return false
end
if behavior.percentage then
  local draw = redis.call('HINCRBY', facts, 'draws', 1)
  local digits = string.sub(redis.sha1hex(SEED .. ':' .. draw), 1, 8)
  if tonumber(digits, 16) / 4294967296 * 100 >= behavior.percentage then
    return done(false)
  end
end
local times = redis.call('HGET', facts, 'times')
if times then
  if tonumber(times) > 1 then
    redis.call('HINCRBY', facts, 'times', -1)
  else
    redis.call('HDEL', facts, 'armed', 'times')
  end
end
return done({armed, times or ''})
