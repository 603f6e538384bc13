-- Cancels a job if it is active. ARGV[5]: id, [6]: 'start' or 'any' for a job that is active until something is known
-- of it, or '', [7]: the real time (ms), [8]: by whom (JSON).
-- Answers nil, or {how many cancels succeeded, or 0 if this one did not; state}.
local at, begun = read_clock()
local when = at(ARGV[7])
local state, is_new = find(ARGV[5], ARGV[6], when, begun)
if not state then
  return false
end
if not ACTIVE[state[1]] then
  return {0, write_state(state)}
end
become(state, 'canceled', whole(when), ARGV[8])
local text = store(ARGV[5], state, ARGV[6], is_new)
return done({redis.call('HINCRBY', facts, 'canceled', 1), text})
