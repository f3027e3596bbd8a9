--[[
  Leases several nodes to one holder: all of them or none.

  KEYS  the nodes' leases   strings: the holder
  ARGV  holder              of another one's lease nothing is taken; its own is renewed
        lease               milliseconds
  Returns 0 leased, or the place (from 1) of the first node that somebody else holds
]]
for i, lease in ipairs(KEYS) do
  local holder = redis.call("GET", lease)
  if holder and holder ~= ARGV[1] then return i end
end
for _, lease in ipairs(KEYS) do redis.call("SET", lease, ARGV[1], "PX", ARGV[2]) end
return 0
