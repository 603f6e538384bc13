return redis.call('HGETALL', base .. 'exchanges')
