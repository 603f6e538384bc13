-- The session's clock. ARGV[5]: 'read', 'stop', 'run' or 'advance', [6]: at what time it stands, or by how much it is
-- moved on (ms). Answers {what it stands at or '', how far it was moved on}.
if ARGV[5] == 'stop' or ARGV[5] == 'run' then
  read_clock()
  redis.call('HSET', facts, 'stopped', ARGV[6], 'ahead', 0)
elseif ARGV[5] == 'advance' then
  redis.call('HINCRBY', facts, 'ahead', ARGV[6])
end
local _, _, stopped, ahead = read_clock()
if ARGV[5] == 'read' then
  return {stopped, ahead}
end
keep(facts)
return done({stopped, ahead})
