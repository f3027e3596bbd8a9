--[[
  Gives back what a holder still holds.

  KEYS  the nodes' leases   strings: the holder
  ARGV  holder
  Returns how many were given back
]]
local returned = 0
for _, lease in ipairs(KEYS) do
  if redis.call("GET", lease) == ARGV[1] then returned = returned + redis.call("DEL", lease) end
end
return returned
