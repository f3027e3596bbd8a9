--[[
  Keeps a result and what now stands, and puts the result in the outbox, in one step. Only the latest worker may.

  KEYS  effect, outbox
  ARGV  fence       of the claim
        result      JSON of the events to publish
        standing    JSON of the order whose effect stands, or ""
        resource    member of the outbox
        retention   ms to remember an effect of which nothing stands
  Returns 1 committed, 0 stale
]]
if redis.call("HGET", KEYS[1], "fence") ~= ARGV[1] then return 0 end
local t = redis.call("TIME")
redis.call("HSET", KEYS[1], "state", "COMPLETE", "result", ARGV[2], "standing", ARGV[3])
if ARGV[3] == "" then redis.call("PEXPIRE", KEYS[1], ARGV[5]) end
redis.call("ZADD", KEYS[2], t[1] * 1000 + math.floor(t[2] / 1000), ARGV[4])
return 1
