-- Put `new` in the place of `old` in a hash, only if `old` still stands there; then give back the turn, if it is still ours.
-- KEYS: the hash, the turn. ARGV: the field, old, new, the owner of the turn. Returns 1 where it was written, else 0.
local written = 0
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
  written = 1
end
if redis.call('GET', KEYS[2]) == ARGV[4] then
  redis.call('DEL', KEYS[2])
end
return written
