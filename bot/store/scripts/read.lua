-- Reads a stretch of several logs in few, long answers: a client takes one long text apart five times faster than many short ones.
--
-- KEYS     log, head, log, head, …
-- ARGV     how many entries of each at most, then for each log the id after which to begin, such as (7-0, or -
-- Answers  for each log { text, seq, hash }: the text has four lines for each entry (id, hash, signature or nothing, body), and seq
--          and hash are what the head says. A line break inside a field, which Rollbot never writes, comes as a blank: the hash
--          no longer fits, and that is what such an entry deserves.
local answer = {}
for i = 1, #KEYS, 2 do
  local lines, after = {}, ARGV[(i + 1) / 2 + 1]
  -- Nothing can follow the largest id, and the server takes the question for a mistake.
  local rows = after == "(18446744073709551615-18446744073709551615" and {}
    or redis.call("XRANGE", KEYS[i], after, "+", "COUNT", ARGV[1])
  for _, row in ipairs(rows) do
    local found = { b = "", h = "", s = "" }
    local fields = row[2]
    for field = 1, #fields, 2 do
      found[fields[field]] = fields[field + 1]
    end
    table.insert(lines, row[1])
    table.insert(lines, (string.gsub(found.h, "\n", " ")))
    table.insert(lines, (string.gsub(found.s, "\n", " ")))
    table.insert(lines, (string.gsub(found.b, "\n", " ")))
  end
  local head = redis.call("HMGET", KEYS[i + 1], "seq", "hash")
  table.insert(answer, { table.concat(lines, "\n"), head[1] or "", head[2] or "" })
end
return answer
