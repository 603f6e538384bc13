-- Stands before every script. Before it come IDLE (ms), MOST (sessions), SEED, NOW (what a session's clock stands at, ms,
-- or '' where it runs), MAX_BYTES (of all journals) and ACTIVE (statuses).
-- KEYS[1]: '{prefix}:'. ARGV[1]: when the caller gives up (ms), [2]: session, [3]: the call's own mark, [4]: 'look' where the session is not used by that, '1' if the
-- script may have run for this call before. A script's own arguments follow.
--
-- A session has four keys: facts (hash: counters, clock, what is armed, notes, states of batches), jobs (hash: id ->
-- state), made (list: ids in order) and journal (list). `sessions` (sorted set) says when each was used last.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if now > tonumber(ARGV[1]) then
  return redis.error_reply('LATE the caller has given up')
end

local base, name = KEYS[1], ARGV[2]
local GRAIN = math.ceil(IDLE / 60)

-- A script that changes something ends with `return done(answer)`: the same call is not carried out twice.
if ARGV[4] == '1' then
  local held = redis.call('GET', base .. 'once:' .. ARGV[3])
  if held then
    return cmsgpack.unpack(held)
  end
end

local function done(answer)
  redis.call('SET', base .. 'once:' .. ARGV[3], cmsgpack.pack(answer), 'PX', 10000)
  return answer
end

local function keys(session)
  local own = base .. 's:' .. session .. ':'
  return own .. 'facts', own .. 'jobs', own .. 'made', own .. 'journal'
end

local facts, jobs, made, journal = keys(name)

-- After a write to a key of a session: it goes with the session.
local function keep(key)
  if name ~= '' then
    redis.call('PEXPIRE', key, IDLE + GRAIN)
  end
end

local function whole(number)
  return string.format('%.0f', number)
end

-- Takes the bytes of a session's journal off the sum; `bytes` (hash) has them by session, and `bytes:sum` all of them.
local function unweigh(session)
  local weight = redis.call('HGET', base .. 'bytes', session)
  if weight then
    redis.call('HDEL', base .. 'bytes', session)
    redis.call('DECRBY', base .. 'bytes:sum', weight)
    redis.call('ZREM', base .. 'oldest', session)
  end
end

local function empty(session)
  redis.call('UNLINK', keys(session))
  unweigh(session)
end

local function drop(session)
  empty(session)
  redis.call('ZREM', base .. 'sessions', session)
end

local function drop_idle(most)
  local before = now - IDLE - GRAIN
  for _, idle in ipairs(redis.call('ZRANGEBYSCORE', base .. 'sessions', '-inf', before, 'LIMIT', 0, most)) do
    if idle ~= '' then
      drop(idle)
    end
  end
end

-- The session's clock, and its time at a real one. It begins when the session does, and at each reset; who only looks
-- begins none.
local function read_clock()
  local kept = redis.call('HMGET', facts, 'stopped', 'ahead', 'begun')
  local stopped, ahead = kept[1] or NOW, tonumber(kept[2] or 0)
  local function at(real)
    return (tonumber(stopped) or tonumber(real)) + ahead
  end
  if not kept[3] then
    kept[3] = whole(at(now))
    if ARGV[4] ~= 'look' then
      redis.call('HSET', facts, 'begun', kept[3])
      keep(facts)
    end
  end
  return at, kept[3], stopped, ahead
end

-- Takes note of the session's use, and makes room; '*' is the name of none.
local function touch()
  local sessions = base .. 'sessions'
  local used = redis.call('ZSCORE', sessions, name)
  if used and now - used <= math.min(GRAIN, 1000) then
    return
  end
  if used and name ~= '' and now - used > IDLE then
    drop(name)
    used = nil
  end
  redis.call('ZADD', sessions, now, name)
  for _, key in ipairs({facts, jobs, made, journal}) do
    keep(key)
  end
  if used then
    return
  end
  read_clock()
  redis.call('ZADD', sessions, 'NX', now, '')
  drop_idle(100)
  local excess = redis.call('ZCARD', sessions) - MOST
  for _, idle in ipairs(redis.call('ZRANGE', sessions, 0, math.max(excess, 0))) do
    if idle ~= '' and excess > 0 then
      drop(idle)
      excess = excess - 1
    end
  end
end

if name ~= '*' and ARGV[4] ~= 'look' then
  touch()
end

