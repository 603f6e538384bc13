-- Sessions in use, and for each its name, when it was used last (ms), entries, jobs beside those of the start, cancels.
redis.call('ZADD', base .. 'sessions', 'NX', now, '')
drop_idle(-1)
local sessions = {}
local used = redis.call('ZRANGE', base .. 'sessions', 0, -1, 'WITHSCORES')
for number = 1, #used, 2 do
  local its_facts, _, its_made, its_journal = keys(used[number])
  local its = redis.call('HMGET', its_facts, 'removed', 'canceled')
  sessions[#sessions + 1] = {
    used[number], tonumber(used[number + 1]), redis.call('LLEN', its_journal),
    redis.call('LLEN', its_made) - (its[1] or 0), tonumber(its[2] or 0),
  }
end
return sessions
