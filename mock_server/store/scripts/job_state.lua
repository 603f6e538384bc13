-- Stands before every script that reads states of jobs, after session.lua.
--
-- A job's state is lines: status, status before, when it got its status, when it was made, age, when it ends by itself,
-- as what, tasks, by whom (JSON), name (JSON), when it got the status before; '' where there is nothing to say. Jobs that are made together have '#N',
-- and the state is at that name in `facts`. A removed job has ''.
local STATE = '^(.-)\n(.-)\n(.-)\n(.-)\n(.-)\n(.-)\n(.-)\n(.-)\n(.-)\n(.-)\n(.*)$'

local function become(state, status, when, by)
  if ACTIVE[state[1]] then
    state[2], state[11] = state[1], state[3]
  end
  state[1], state[3], state[6], state[7], state[9] = status, when, '', 'complete', by
end

local function read_state(kept, at)
  local state = {string.match(kept, STATE)}
  if state[6] ~= '' and at >= tonumber(state[6]) then
    become(state, state[7], state[6], '""')
  end
  return state
end

local function write_state(state)
  return table.concat(state, '\n')
end

local function unseen_state(begun)
  return {'running', 'running', '0', begun, '', '', 'complete', '', '""', '', '0'}
end

-- The state of a job as it is now, or nil. `unseen` is not '' for a job that runs as long as nothing is known of it.
local function find(id, unseen, at, begun)
  local kept = redis.call('HGET', jobs, id)
  if kept == '' or (not kept and unseen == '') then
    return nil
  end
  if not kept then
    return unseen_state(begun), true
  end
  if string.sub(kept, 1, 1) == '#' then
    kept = redis.call('HGET', facts, kept)
  end
  return read_state(kept, at), false
end

-- Keeps a job's state, and returns it as lines.
local function store(id, state, unseen, is_new)
  local text = write_state(state)
  redis.call('HSET', jobs, id, text)
  if is_new and unseen == 'any' then
    redis.call('RPUSH', made, id)
    keep(made)
  end
  keep(facts)
  keep(jobs)
  return text
end

