return done(redis.call('UNLINK', base .. 't:' .. ARGV[5]))
