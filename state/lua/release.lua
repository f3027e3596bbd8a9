--[[
  Gives a claim back before its lease ends, so that the next try need not wait for it.

  KEYS  effect
  ARGV  fence
  Returns 1 released, 0 lost
]]
if redis.call("HGET", KEYS[1], "fence") ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[1], "lease", 0)
return 1
