-- Makes jobs with ids that were minted for the caller alone. ARGV[4]: state, [5]...: ids. Answers the ids of those made.
local fresh = {}
for number = 5, #ARGV do
  local id = ARGV[number]
  if redis.call('HSETNX', jobs, id, ARGV[4]) == 1 then
    redis.call('RPUSH', made, id)
    fresh[#fresh + 1] = id
  elseif again then
    fresh[#fresh + 1] = id
  end
end
keep(jobs)
keep(made)
return fresh
