-- The state of a job, or nil. ARGV[5]: id, [6]: as in cancel.lua, [7]: the real time (ms)
local at, begun = read_clock()
local state = find(ARGV[5], ARGV[6], at(ARGV[7]), begun)
return state and write_state(state) or false
