--[[
  Replaces the published parts of a cost map that changed, if nobody published since it was looked at.

  KEYS  head       hash: seq, body, said
        seen       hash: key of a link to JSON
  ARGV  expected   the seq that was looked at, 0 for none
        seq        the new one
        body       JSON of the head
        said       JSON of what is told of it
        removed    how many keys follow that are there no more, then they, then key and JSON of each that is new
  Returns 1 published, 0 somebody was faster
]]
if (redis.call("HGET", KEYS[1], "seq") or "0") ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[1], "seq", ARGV[2], "body", ARGV[3], "said", ARGV[4])
local removed = tonumber(ARGV[5])
for i = 6, 5 + removed do redis.call("HDEL", KEYS[2], ARGV[i]) end
for i = 6 + removed, #ARGV, 2 do redis.call("HSET", KEYS[2], ARGV[i], ARGV[i + 1]) end
return 1
