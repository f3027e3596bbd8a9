--[[
  Replaces the schedule of a TSN domain, if it is still at the revision that was read.

  KEYS  schedule   hash: revision, body
  ARGV  expected   revision that was read, "0" for none
        revision   of the new one
        body       JSON
  Returns 1 stored, 0 somebody was faster
]]
if (redis.call("HGET", KEYS[1], "revision") or "0") ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[1], "revision", ARGV[2], "body", ARGV[3])
return 1
