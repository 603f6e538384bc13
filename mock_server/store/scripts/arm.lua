-- ARGV[5]: the behaviours (a list of JSON) or '' to disarm, [6]: the conditions of each (a list of JSON, in the same order),
-- [7]: how many times each applies, with commas between them; '' where nobody counts.
redis.call('HDEL', facts, 'armed', 'conditions', 'times')
if ARGV[5] ~= '' then
  redis.call('HSET', facts, 'armed', ARGV[5], 'conditions', ARGV[6], 'times', ARGV[7])
  keep(facts)
end
return done(1)
