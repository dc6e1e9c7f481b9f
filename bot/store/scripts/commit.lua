-- Appends to one or more logs and changes what hangs on them, all or nothing.
--
-- KEYS     every key that is touched, named in ARGV[1] by its place in KEYS
-- ARGV[1]  JSON: { fence = {key, epoch} or absent,
--                  chains = { {head, log, name, seq, hash, entries = { {body, hash, signature}, … } }, … },
--                  feed, held, locks = { {key, service, owner, instead, fields = {name, value, …}}, … },
--                  effects = { {command, key, argument…}, … }, unlocks = { {key, service, owner, must, lapsed}, … } }
-- Answers  {"done"} | {"fenced", epoch} | {"moved", log name, seq, hash} | {"held", key, fields as JSON, …}
--          | {"spoilt", log name}  the log goes further than its head says, so nothing can be appended: somebody else wrote there
--          | {"lapsed", key, …}  held by hand until a moment that has passed: to be ended, with its event, before another takes it
--          | {"gone", key}       a hold that was to be ended is another's, or none, or not over yet
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
    -- With the head, whoever came too late can try again at once, and whoever was first must ask for it: so nobody starves.
    return { "moved", chain.name, head[1] or "0", head[2] or "" }
  end
end
-- All or nothing: where one log would not take its entry, the others must not have theirs.
for _, chain in ipairs(commit.chains) do
  local last = redis.call("XREVRANGE", KEYS[chain.log], "+", "-", "COUNT", 1)[1]
  if last and tonumber(string.match(last[1], "^%d+")) > tonumber(chain.seq) then
    return { "spoilt", chain.name }
  end
end

-- A hold by hand ends by this server's clock and no other.
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function over(until_)
  return until_ and until_ ~= "" and tonumber(until_) <= now
end

for _, unlock in ipairs(commit.unlocks) do
  if unlock.must then
    local holder = redis.call("HMGET", KEYS[unlock.key], "owner", "until")
    if holder[1] ~= unlock.owner or (unlock.lapsed and not over(holder[2])) then
      return { "gone", KEYS[unlock.key] }
    end
  end
end

local held, lapsed = { "held" }, { "lapsed" }
for _, lock in ipairs(commit.locks) do
  local holder = redis.call("HMGET", KEYS[lock.key], "owner", "until")
  if holder[1] and over(holder[2]) then
    table.insert(lapsed, KEYS[lock.key])
  elseif holder[1] and holder[1] ~= lock.owner and holder[1] ~= lock.instead then
    table.insert(held, KEYS[lock.key])
    table.insert(held, cjson.encode(redis.call("HGETALL", KEYS[lock.key])))
  end
end
if #held > 1 then
  return held
end
if #lapsed > 1 then
  return lapsed
end

for _, chain in ipairs(commit.chains) do
  local seq = tonumber(chain.seq)
  local last = chain.hash
  for _, entry in ipairs(chain.entries) do
    seq = seq + 1
    last = entry.hash
    local fields = { "b", entry.body, "h", entry.hash }
    if entry.signature ~= "" then
      fields = { "b", entry.body, "h", entry.hash, "s", entry.signature }
    end
    redis.call("XADD", KEYS[chain.log], string.format("%d-0", seq), unpack(fields))
  end
  redis.call("HSET", KEYS[chain.head], "seq", string.format("%d", seq), "hash", last)
  redis.call("XADD", KEYS[commit.feed], "MAXLEN", "~", "10000", "*", "log", chain.name)
end

for _, lock in ipairs(commit.locks) do
  if lock.instead ~= "" or redis.call("HGET", KEYS[lock.key], "owner") ~= lock.owner then
    redis.call("DEL", KEYS[lock.key])
    redis.call("HSET", KEYS[lock.key], unpack(lock.fields))
    redis.call("SADD", KEYS[commit.held], lock.service)
  end
end
for _, unlock in ipairs(commit.unlocks) do
  if redis.call("HGET", KEYS[unlock.key], "owner") == unlock.owner then
    redis.call("DEL", KEYS[unlock.key])
    redis.call("SREM", KEYS[commit.held], unlock.service)
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
