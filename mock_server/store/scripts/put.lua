-- Makes a job with a given id. ARGV[5]: id, [6]: '1' for one of the start, or '', [7]: state.
-- Answers 1, or 0 where there is one.
local kept = redis.call('HGET', jobs, ARGV[5])
if (kept and kept ~= '') or (not kept and ARGV[6] == '1') then
  return 0
end
redis.call('HSET', jobs, ARGV[5], ARGV[7])
if ARGV[6] == '1' then
  redis.call('HINCRBY', facts, 'removed', -1)
else
  redis.call('RPUSH', made, ARGV[5])
end
keep(facts)
keep(jobs)
keep(made)
return done(1)
