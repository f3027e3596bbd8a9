--[[
  Replaces an intent's record, if it is still the one that was read.

  KEYS  record, index, due
  ARGV  old      the text that was read, or "" for none
        new      the text to store
        id       member of the index
        turn     ms of the epoch when it is its time next, or "" for never
  Returns 1 stored, 0 somebody was faster
]]
if (redis.call("GET", KEYS[1]) or "") ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[2])
redis.call("ZADD", KEYS[2], 0, ARGV[3])
if ARGV[4] == "" then redis.call("ZREM", KEYS[3], ARGV[3]) else redis.call("ZADD", KEYS[3], ARGV[4], ARGV[3]) end
return 1
