-- ARGV[5]: the token's digest. Answers nil, or {user and role (JSON), 1 if it has expired}.
local key = base .. 't:' .. ARGV[5]
local held = redis.call('HMGET', key, 'login', 'expires', 'kept')
if not held[1] then
  return false
end
redis.call('PEXPIRE', key, held[3])
local is_expired = held[2] ~= '' and read_clock()(now) >= tonumber(held[2])
return {held[1], is_expired and 1 or 0}
