--[[
  Replaces a twin's record, if it is still the one that was read, and moves its id between the lists of its owners. A record without a body is forgotten.

  KEYS  record     hash: version, body
        lists      sorted sets of ids: first those to leave, then those to join
  ARGV  read       version that was read, or 0 for none
        body       to store, or "" to forget
        id         member of the lists
        leaving    how many lists are left
  Returns 1 stored, 0 somebody was faster
]]
local version = tonumber(redis.call("HGET", KEYS[1], "version") or "0")
if version ~= tonumber(ARGV[1]) then return 0 end
if ARGV[2] == "" then
  redis.call("DEL", KEYS[1])
else
  redis.call("HSET", KEYS[1], "version", version + 1, "body", ARGV[2])
end
local leaving = tonumber(ARGV[4])
for i = 2, #KEYS do
  if i <= leaving + 1 then
    redis.call("ZREM", KEYS[i], ARGV[3])
  else
    redis.call("ZADD", KEYS[i], 0, ARGV[3])
  end
end
return 1
