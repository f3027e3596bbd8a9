--[[
  Ends a round with a new link of the chain, once, and begins the next.

  KEYS  round, links, model, former (the model until now), told
  ARGV  round       that ends, and is in progress
        next        round that begins
        link        JSON
        sha256      of the link
        model       bytes of the model that the link names, or "" where they are there already
        retention   ms to keep the former model
        events      JSON of the events to publish
        ttl         ms to remember them for a redelivery
  Returns {"closed"} | {"told", events} | {"conflict"}
]]
local told = redis.call("GET", KEYS[5])
if told then return {"told", told} end
if (redis.call("HGET", KEYS[1], "round") or "1") ~= ARGV[1] then return {"conflict"} end
redis.call("HSET", KEYS[1], "round", ARGV[2], "link", ARGV[3], "linkSha256", ARGV[4])
redis.call("HDEL", KEYS[1], "openedAt")
redis.call("RPUSH", KEYS[2], ARGV[3])
redis.call("PEXPIRE", KEYS[4], ARGV[6])
if #ARGV[5] > 0 then redis.call("SET", KEYS[3], ARGV[5]) end
redis.call("PERSIST", KEYS[3])
redis.call("SET", KEYS[5], ARGV[7], "PX", ARGV[8])
return {"closed"}
