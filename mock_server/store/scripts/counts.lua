-- Answers {sessions, jobs beside those of the start, cancels}.
redis.call('ZREMRANGEBYSCORE', base .. 'sessions', '-inf', now - IDLE - GRAIN)
local names = redis.call('ZRANGE', base .. 'sessions', 0, -1)
names[#names + 1] = ''
local total, canceled = 0, 0
for _, session in ipairs(names) do
  local its_facts, _, its_made = keys(session)
  total = total + redis.call('LLEN', its_made)
  canceled = canceled + (redis.call('HGET', its_facts, 'canceled') or 0)
end
return {#names, total, canceled}
