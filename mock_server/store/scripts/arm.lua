-- ARGV[4]: the behaviour (JSON) or '' to disarm, [5]: how many times, or ''
redis.call('HDEL', facts, 'armed', 'times')
if ARGV[4] ~= '' then
  redis.call('HSET', facts, 'armed', ARGV[4])
  if ARGV[5] ~= '' then
    redis.call('HSET', facts, 'times', ARGV[5])
  end
  keep(facts)
end
return 1
