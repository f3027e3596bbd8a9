--[[
  Lengthens a lease, if the worker is still the latest.

  KEYS  effect
  ARGV  fence, lease ms
  Returns 1 renewed, 0 lost
]]
if redis.call("HGET", KEYS[1], "fence") ~= ARGV[1] then return 0 end
local t = redis.call("TIME")
redis.call("HSET", KEYS[1], "lease", string.format("%.0f", t[1] * 1000 + math.floor(t[2] / 1000) + tonumber(ARGV[2])))
return 1
