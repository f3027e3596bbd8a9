--[[
  Takes a client's update into its round: one a client, the first. The round's time runs from its first update on.

  KEYS  round, updates (of the update's round)
  ARGV  round       of the update
        client
        update      JSON, the same for the same update
        now         ms
        ttl         ms to remember it
  Returns {"taken", updates in the round} | {"same", updates} | {"duplicate"} | {"closed"}
]]
local known = redis.call("HGET", KEYS[2], ARGV[2])
if known == ARGV[3] then return {"same", redis.call("HLEN", KEYS[2])} end
if known then return {"duplicate"} end
if (redis.call("HGET", KEYS[1], "round") or "1") ~= ARGV[1] then return {"closed"} end
redis.call("HSETNX", KEYS[1], "openedAt", ARGV[4])
redis.call("HSET", KEYS[2], ARGV[2], ARGV[3])
redis.call("PEXPIRE", KEYS[2], ARGV[5])
return {"taken", redis.call("HLEN", KEYS[2])}
