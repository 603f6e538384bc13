-- Stands before every script of a session. Before it come IDLE (ms), MOST (sessions) and SEED.
-- KEYS[1]: '{prefix}:'. ARGV[1]: when the caller gives up (ms), [2]: session, [3]: '1' if the script may have run before.
--
-- A session has four keys: facts (hash: counters, what is armed, notes), jobs (hash: id -> state), made (list: ids in
-- order) and journal (stream). `sessions` (sorted set) says when each was used last; the default one stays for ever.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if now > tonumber(ARGV[1]) then
  return redis.error_reply('LATE the caller has given up')
end

local base, name, again = KEYS[1], ARGV[2], ARGV[3] == '1'
local GRAIN = math.ceil(IDLE / 60)

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

if name ~= '' then
  local used = redis.call('ZSCORE', base .. 'sessions', name)
  if not used or now - used > GRAIN then
    if used and now - used > IDLE then
      redis.call('UNLINK', facts, jobs, made, journal)
    end
    redis.call('ZADD', base .. 'sessions', now, name)
    for _, key in ipairs({facts, jobs, made, journal}) do
      keep(key)
    end
    if not used then
      redis.call('ZREMRANGEBYSCORE', base .. 'sessions', '-inf', now - IDLE - GRAIN)
      local excess = redis.call('ZCARD', base .. 'sessions') + 1 - MOST
      if excess > 0 then
        local idle = redis.call('ZPOPMIN', base .. 'sessions', excess)
        for number = 1, #idle, 2 do
          redis.call('UNLINK', keys(idle[number]))
        end
      end
    end
  end
end

