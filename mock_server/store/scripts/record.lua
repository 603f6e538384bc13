-- Counts exchanges, and writes one into the journal. ARGV[5]: how many entries a journal keeps, [6]: the entry,
-- [7], [8]...: what exchanges are counted by, and how many there were of each; the time of all (µs) is one of them.
-- An entry begins with the real time (ms): the oldest of all sessions go first where all are too many bytes. `oldest`
-- (sorted set) has a time for each session that is not later than that of its first entry.
for number = 7, #ARGV, 2 do
  redis.call('HINCRBY', base .. 'exchanges', ARGV[number], ARGV[number + 1])
end
local most = tonumber(ARGV[5])
if most == 0 then
  return done(1)
end
local entry = whole(now) .. '\n' .. ARGV[6]
redis.call('HINCRBY', facts, 'number', 1)
local kept = redis.call('RPUSH', journal, entry)
local added = #entry
while kept > most do
  added = added - #redis.call('LPOP', journal)
  kept = kept - 1
end
redis.call('HINCRBY', base .. 'bytes', name, added)
if kept == 1 then
  redis.call('ZADD', base .. 'oldest', now, name)
end
keep(facts)
keep(journal)
local sum = redis.call('INCRBY', base .. 'bytes:sum', added)
while sum > MAX_BYTES do
  local oldest = redis.call('ZRANGE', base .. 'oldest', 0, 0, 'WITHSCORES')
  local session = oldest[1]
  if not session then
    break
  end
  local _, _, _, its = keys(session)
  local first = redis.call('LINDEX', its, 0)
  if not first then
    unweigh(session)
    sum = tonumber(redis.call('GET', base .. 'bytes:sum'))
  else
    local time = tonumber(string.match(first, '^%d+'))
    if time > tonumber(oldest[2]) then
      redis.call('ZADD', base .. 'oldest', time, session)
    else
      redis.call('LPOP', its)
      redis.call('HINCRBY', base .. 'bytes', session, -#first)
      sum = redis.call('DECRBY', base .. 'bytes:sum', #first)
    end
  end
end
return done(1)
