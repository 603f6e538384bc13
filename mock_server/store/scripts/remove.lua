-- Removes a job. ARGV[5]: id, [6]: as in cancel.lua. Answers 1, or 0 where there is none.
local kept = redis.call('HGET', jobs, ARGV[5])
if kept == '' or (not kept and ARGV[6] == '') then
  return 0
end
if ARGV[6] == '' then
  redis.call('HDEL', jobs, ARGV[5])
else
  redis.call('HSET', jobs, ARGV[5], '')
end
if ARGV[6] == 'start' then
  redis.call('HINCRBY', facts, 'removed', 1)
else
  redis.call('LREM', made, 1, ARGV[5])
end
keep(jobs)
keep(facts)
return done(1)
