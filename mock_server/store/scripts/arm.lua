-- ARGV[5]: the behaviour (JSON) or '' to disarm, [6]: how many times, or ''
redis.call('HDEL', facts, 'armed', 'times')
if ARGV[5] ~= '' then
  redis.call('HSET', facts, 'armed', ARGV[5])
  if ARGV[6] ~= '' then
    redis.call('HSET', facts, 'times', ARGV[6])
  end
  keep(facts)
end
return done(1)
