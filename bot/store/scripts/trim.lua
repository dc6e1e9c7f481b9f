-- Removes the log of one run that is in the archive, and what hangs on it, if it still ends with the entry that the archive has.
--
-- KEYS     log, head, other keys to delete (ARGV[3] of them), then sorted sets to take the run out of
-- ARGV     run, hash of its last entry, how many other keys
-- Answers  {"gone"} (also where it was gone before) | {"moved"}
local hash = redis.call("HGET", KEYS[2], "hash")
if hash and hash ~= ARGV[2] then
  return { "moved" }
end
local others = tonumber(ARGV[3])
redis.call("DEL", KEYS[1], KEYS[2])
for i = 3, 2 + others do
  redis.call("DEL", KEYS[i])
end
for i = 3 + others, #KEYS do
  redis.call("ZREM", KEYS[i], ARGV[1])
end
return { "gone" }
