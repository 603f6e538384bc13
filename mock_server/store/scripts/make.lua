-- Makes jobs with ids that were minted for the caller alone. ARGV[5]: '#' and a number that no other call has,
-- [6]: the state of all, [7]...: ids. Answers the ids that were taken.
redis.call('HSET', facts, ARGV[5], ARGV[6])
local taken = {}
for number = 7, #ARGV do
  local id = ARGV[number]
  if redis.call('HSETNX', jobs, id, ARGV[5]) == 1 then
    redis.call('RPUSH', made, id)
  else
    taken[#taken + 1] = id
  end
end
keep(facts)
keep(jobs)
keep(made)
return done(taken)
