-- Makes a job with a given id. ARGV[4]: id, [5]: state, [6]: the mark in it. Answers 1, or 0 where there is one.
local kept = redis.call('HGET', jobs, ARGV[4])
if kept then
  local marked = string.match(kept, '^.-\n.-\n.-\n(.-)\n')
  return marked == ARGV[6] and 1 or 0
end
redis.call('HSET', jobs, ARGV[4], ARGV[5])
redis.call('RPUSH', made, ARGV[4])
keep(jobs)
keep(made)
return 1
