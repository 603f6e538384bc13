-- Takes numbers for ids that are to be minted, which nobody else gets. ARGV[4]: how many, [5]: the first one of all
redis.call('HSETNX', facts, 'minted', ARGV[5])
local after = redis.call('HINCRBY', facts, 'minted', ARGV[4])
keep(facts)
return after - ARGV[4]
