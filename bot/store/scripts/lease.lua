-- Takes, renews or gives back a worker's lease on a run. One clock decides: the server's.
--
-- KEYS     lease, epoch
-- ARGV     "take", owner, ttl ms          answers {"taken", epoch, "1" if another held it before} | {"held", owner}
--          "renew", epoch, ttl ms         answers {"renewed"} | {"lost"}
--          "release", epoch               answers {"released"} | {"lost"}
--
-- The fencing number is the larger of the last one plus one and the server's time in microseconds: a plain counter
-- would give a number out again after a failover that lost the last write.
local time = redis.call("TIME")
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now_ms = math.floor(now_us / 1000)
local lease = redis.call("HMGET", KEYS[1], "owner", "epoch", "until")
local live = lease[3] and tonumber(lease[3]) > now_ms

if ARGV[1] == "take" then
  if live and lease[1] ~= ARGV[2] then
    return { "held", lease[1] }
  end
  local epoch = math.max(tonumber(redis.call("GET", KEYS[2]) or "0") + 1, now_us)
  local text = string.format("%.0f", epoch)
  redis.call("SET", KEYS[2], text)
  redis.call("HSET", KEYS[1], "owner", ARGV[2], "epoch", text, "until", string.format("%.0f", now_ms + tonumber(ARGV[3])))
  local before = lease[3] and lease[3] ~= "0"
  return { "taken", text, before and "1" or "0" }
end

if lease[2] ~= ARGV[2] or not live then
  return { "lost" }
end
if ARGV[1] == "renew" then
  redis.call("HSET", KEYS[1], "until", string.format("%.0f", now_ms + tonumber(ARGV[3])))
  return { "renewed" }
end
redis.call("HSET", KEYS[1], "until", "0")
return { "released" }
