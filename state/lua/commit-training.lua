--[[
  Keeps what training made of a client's copy of the model, if nobody else trained meanwhile.

  KEYS  training, told
  ARGV  version     that was read
        learner     bytes
        events      JSON of the events to publish
        ttl         ms to remember them for a redelivery
  Returns {"committed"} | {"told", events} | {"conflict"}
]]
local told = redis.call("GET", KEYS[2])
if told then return {"told", told} end
if (redis.call("HGET", KEYS[1], "version") or "0") ~= ARGV[1] then return {"conflict"} end
redis.call("HINCRBY", KEYS[1], "version", 1)
redis.call("HSET", KEYS[1], "learner", ARGV[2])
redis.call("SET", KEYS[2], ARGV[3], "PX", ARGV[4])
return {"committed"}
