-- Gives a job another status, another name, or both. ARGV[5], [6], [7]: as in get.lua, [8]: status or '', [9]: name (JSON)
-- or '', [10]: by whom (JSON). Answers the state, or nil.
local at, begun = read_clock()
local when = at(ARGV[7])
local state, is_new = find(ARGV[5], ARGV[6], when, begun)
if not state then
  return false
end
if ARGV[9] ~= '' then
  state[10] = ARGV[9]
end
if ARGV[8] ~= '' and ARGV[8] ~= state[1] then
  become(state, ARGV[8], whole(when), ARGV[10])
end
return done(store(ARGV[5], state, ARGV[6], is_new))
