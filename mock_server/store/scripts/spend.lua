-- Applies the first behaviour that matches a request. ARGV[5]: its job, [6]: its role, [7]: its operation ('' for none).
-- Answers nil, or {behaviours, which of them, how many times were left of it before or ''}.
local conditions = redis.call('HGET', facts, 'conditions')
if not conditions then
  return false
end
local times = {}
for left in string.gmatch(redis.call('HGET', facts, 'times') .. ',', '(.-),') do
  times[#times + 1] = left
end

local has_drawn = false
local function is_meant(one)
  if (one.job_id and one.job_id ~= ARGV[5]) or (one.role and one.role ~= ARGV[6])
    or (one.operation or '') ~= ARGV[7] then
    return false
  end
  if not one.percentage then
    return true
  end
  has_drawn = true
  local draw = redis.call('HINCRBY', facts, 'draws', 1)
  local digits = string.sub(redis.sha1hex(SEED .. ':' .. draw), 1, 8)
  return tonumber(digits, 16) / 4294967296 * 100 < one.percentage
end

for place, one in ipairs(cjson.decode(conditions)) do
  local left = times[place]
  if left ~= '0' and is_meant(one) then
    local answer = {redis.call('HGET', facts, 'armed'), place, left}
    if left ~= '' then
      times[place] = whole(left - 1)
      local text = table.concat(times, ',')
      if string.match(text, '^[0,]*$') and not string.find(',' .. text .. ',', ',,', 1, true) then
        redis.call('HDEL', facts, 'armed', 'conditions', 'times')
      else
        redis.call('HSET', facts, 'times', text)
      end
    end
    return done(answer)
  end
end
return has_drawn and done(false) or false
