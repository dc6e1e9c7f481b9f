-- A turn under a shared budget: at most `burst` at once, one every `interval` ms in the long run, by the store's clock.
-- KEYS: when the next turn is due. ARGV: interval, burst, pause (ms from now before which nobody has a turn; 0: take one).
-- Returns how many ms to wait for the turn that was taken.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local interval, saved, pause = tonumber(ARGV[1]), (tonumber(ARGV[2]) - 1) * tonumber(ARGV[1]), tonumber(ARGV[3])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = 0
if pause > 0 then
  -- All that was saved up is spent, or others would run into the same refusal.
  due = math.max(due, now + pause + saved)
else
  wait = math.max(0, due - saved - now)
  due = due + interval
end
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', string.format('%.0f', due - now + 60000))
return string.format('%.0f', wait)
