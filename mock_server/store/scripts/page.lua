-- A part of the jobs, in order. ARGV[5]: the real time (ms), [6]: statuses, each in blanks, or '' for all, [7]: how many
-- of those are left out at the beginning, [8]: how many are returned at most, [9]: the place in `made` of the first, or
-- '' for those whose ids follow, which run as long as nothing is known of them, [10]: how many of `made`, or the ids.
-- Answers {statuses and how many jobs have each, how many are of those statuses, ids, states, how many were looked at}.
local at, begun = read_clock()
local when = at(ARGV[5])
local ids
if ARGV[9] == '' then
  ids = {unpack(ARGV, 10)}
else
  ids = redis.call('LRANGE', made, ARGV[9], ARGV[9] + ARGV[10] - 1)
end
if #ids == 0 then
  return {{}, 0, {}, {}, 0}
end
local skip, most, matching = tonumber(ARGV[7]), tonumber(ARGV[8]), 0
local texts, counts, found, states = {}, {}, {}, {}
local running = write_state(unseen_state(begun))
for place, kept in ipairs(redis.call('HMGET', jobs, unpack(ids))) do
  if kept ~= '' then
    kept = kept or running
    local read = texts[kept]
    if not read then
      local text = string.sub(kept, 1, 1) == '#' and redis.call('HGET', facts, kept) or kept
      local state = read_state(text, when)
      read = {state[1], write_state(state)}
      texts[kept] = read
    end
    counts[read[1]] = (counts[read[1]] or 0) + 1
    if ARGV[6] == '' or string.find(ARGV[6], ' ' .. read[1] .. ' ', 1, true) then
      matching = matching + 1
      if matching > skip and #found < most then
        found[#found + 1] = ids[place]
        states[#states + 1] = read[2]
      end
    end
  end
end
local counted = {}
for status, count in pairs(counts) do
  counted[#counted + 1] = status
  counted[#counted + 1] = count
end
return {counted, matching, found, states, #ids}
