--[[
  Moves a client to a newer link of the chain, if it still stands where it was read.

  KEYS  head, model, former (the model until now)
  ARGV  expected    SHA-256 of the link that was read, or "" for none
        link        JSON
        sha256      of the link
        model       bytes, or "" where they are there already
        retention   ms to keep the former model
  Returns 1 adopted, 0 somebody was faster
]]
if (redis.call("HGET", KEYS[1], "linkSha256") or "") ~= ARGV[1] then return 0 end
redis.call("PEXPIRE", KEYS[3], ARGV[5])
if #ARGV[4] > 0 then redis.call("SET", KEYS[2], ARGV[4]) end
redis.call("PERSIST", KEYS[2])
redis.call("HSET", KEYS[1], "link", ARGV[2], "linkSha256", ARGV[3])
return 1
