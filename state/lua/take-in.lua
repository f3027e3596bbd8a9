--[[
  Keeps pieces, each unless the one that is there is as new. Pieces of one rank are told apart by their bodies, so that any order of any
  number of calls leaves the same.

  KEYS  pieces     hash: name to rank, line feed, body
        places     set of the cluster's places
  ARGV  place, ms to remember it or 0 for ever, then name, rank and body of each piece
  Returns 1 something was news, 0 nothing was
]]
local news = 0
for i = 3, #ARGV, 3 do
  local rank, body = ARGV[i + 1], ARGV[i + 2]
  local known = redis.call("HGET", KEYS[1], ARGV[i])
  local feed = known and string.find(known, "\n", 1, true)
  local last = feed and string.sub(known, 1, feed - 1)
  if not feed or rank > last or (rank == last and body > string.sub(known, feed + 1)) then
    redis.call("HSET", KEYS[1], ARGV[i], rank .. "\n" .. body)
    news = 1
  end
end
redis.call("SADD", KEYS[2], ARGV[1])
if tonumber(ARGV[2]) > 0 then redis.call("PEXPIRE", KEYS[1], ARGV[2]) end
return news
