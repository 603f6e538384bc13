-- One entry, or nil. ARGV[5]: its number. Numbers have no gaps.
local place = ARGV[5] - (redis.call('HGET', facts, 'number') or 0) - 1
return place < 0 and redis.call('LINDEX', journal, place)
