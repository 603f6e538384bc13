return redis.call('HMGET', facts, 'armed', 'times')
