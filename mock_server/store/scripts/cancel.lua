-- Cancels a job if it is active. ARGV[4]: id, [5]: 'start' or 'any' for a job that is active until something is known
-- of it, or '', [6]: time (ms), [7]: by whom (JSON), [8]: the call's own mark.
-- A state is '' for a running job, or lines: status, status before, time, mark, by whom, tasks and name (JSON or '').
-- Answers nil, {0, state}, or {1, status before, tasks and name, how many cancels succeeded}.
local id, mark = ARGV[4], ARGV[8]
local kept = redis.call('HGET', jobs, id)
if not kept and ARGV[5] == '' then
  return false
end
local status, was, at, marked, by, detail = 'running', '', '', '', '', ''
if kept and kept ~= '' then
  status, was, at, marked, by, detail = string.match(kept, '^(.-)\n(.-)\n(.-)\n(.-)\n(.-)\n(.*)$')
end
if status == 'canceled' and marked == mark then
  return {1, was, detail, tonumber(redis.call('HGET', facts, 'canceled'))}
end
if not ACTIVE[status] then
  return {0, kept}
end
local serial = redis.call('HINCRBY', facts, 'canceled', 1)
redis.call('HSET', jobs, id, table.concat({'canceled', status, ARGV[6], mark, ARGV[7], detail}, '\n'))
if not kept and ARGV[5] == 'any' then
  redis.call('RPUSH', made, id)
  keep(made)
end
keep(facts)
keep(jobs)
return {1, status, detail, serial}
