--[[
  Keeps a decision, if it is the first of its cause and the workload has not moved on since it was read.

  KEYS  scaling, told, log, ring
  ARGV  version     that was read
        kept        JSON to remember of the workload
        events      JSON of the events to publish
        ttl         ms to remember them for a redelivery
        record      JSON for the log
        length      of the log
        transition  bytes for the ring, or ""
        places      of the ring
  Returns {"committed"} | {"told", events} | {"conflict"}
]]
local told = redis.call("GET", KEYS[2])
if told then return {"told", told} end
if (redis.call("HGET", KEYS[1], "version") or "0") ~= ARGV[1] then return {"conflict"} end
redis.call("HINCRBY", KEYS[1], "version", 1)
redis.call("HSET", KEYS[1], "kept", ARGV[2])
if #ARGV[7] > 0 then
  local place = (redis.call("HINCRBY", KEYS[1], "transitions", 1) - 1) % tonumber(ARGV[8])
  redis.call("SETRANGE", KEYS[4], place * #ARGV[7], ARGV[7])
end
redis.call("XADD", KEYS[3], "MAXLEN", "~", ARGV[6], "*", "record", ARGV[5])
redis.call("SET", KEYS[2], ARGV[3], "PX", ARGV[4])
return {"committed"}
