-- Appends to one or more logs and changes what hangs on them, all or nothing.
--
-- KEYS     every key that is touched, named in ARGV[1] by its place in KEYS
-- ARGV[1]  JSON: { fence = {key, epoch} or absent,
--                  chains = { {head, log, name, seq, hash, entries = { {body, hash}, … } }, … },
--                  feed, locks = { {key, run, since}, … },
--                  effects = { {command, key, argument…}, … }, unlocks = { {key, run}, … } }
-- Answers  {"done"} | {"fenced", epoch} | {"moved", log name} | {"held", key, run, since, …}
local commit = cjson.decode(ARGV[1])

if commit.fence then
  local epoch = redis.call("HGET", KEYS[commit.fence.key], "epoch")
  if epoch ~= commit.fence.epoch then
    return { "fenced", epoch or "" }
  end
end

for _, chain in ipairs(commit.chains) do
  local head = redis.call("HMGET", KEYS[chain.head], "seq", "hash")
  if (head[1] or "0") ~= chain.seq or (head[2] or "") ~= chain.hash then
    return { "moved", chain.name }
  end
end

local held = { "held" }
for _, lock in ipairs(commit.locks) do
  local holder = redis.call("HMGET", KEYS[lock.key], "run", "since")
  if holder[1] and holder[1] ~= lock.run then
    table.insert(held, KEYS[lock.key])
    table.insert(held, holder[1])
    table.insert(held, holder[2])
  end
end
if #held > 1 then
  return held
end

for _, chain in ipairs(commit.chains) do
  local seq = tonumber(chain.seq)
  local last = chain.hash
  for _, entry in ipairs(chain.entries) do
    seq = seq + 1
    last = entry.hash
    redis.call("XADD", KEYS[chain.log], string.format("%d-0", seq), "b", entry.body, "h", entry.hash)
  end
  redis.call("HSET", KEYS[chain.head], "seq", string.format("%d", seq), "hash", last)
  redis.call("XADD", KEYS[commit.feed], "MAXLEN", "~", "10000", "*", "log", chain.name)
end

for _, lock in ipairs(commit.locks) do
  if redis.call("EXISTS", KEYS[lock.key]) == 0 then
    redis.call("HSET", KEYS[lock.key], "run", lock.run, "since", lock.since)
  end
end
for _, unlock in ipairs(commit.unlocks) do
  if redis.call("HGET", KEYS[unlock.key], "run") == unlock.run then
    redis.call("DEL", KEYS[unlock.key])
  end
end
for _, effect in ipairs(commit.effects) do
  local call = { effect[1], KEYS[effect[2]] }
  for i = 3, #effect do
    call[i] = effect[i]
  end
  redis.call(unpack(call))
end
return { "done" }
