-- Takes numbers for ids that are to be minted, which nobody else gets. ARGV[5]: how many, [6]: the first one of all
redis.call('HSETNX', facts, 'minted', ARGV[6])
local after = redis.call('HINCRBY', facts, 'minted', ARGV[5])
keep(facts)
return done(after - ARGV[5])
