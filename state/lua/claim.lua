--[[
  Takes an effect for one worker, or says why not.

  KEYS  effect      hash: intent, submission, digest, state, lease, fence, result, standing
  ARGV  intent      id of the intent that asks
        submission  integer, grows with every submission of that intent
        digest      of action and order
        lease       ms that the worker may stay silent
  Returns {"claimed", fence, standing} | {"complete", result} | {"busy", ms} | {"superseded"} | {"conflict"} | {"owned", intent}
]]
local t = redis.call("TIME")
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local r = redis.call("HMGET", KEYS[1], "intent", "submission", "digest", "state", "lease", "fence", "result", "standing")
local standing = r[8] or ""
local busy = r[4] == "INPROGRESS" and tonumber(r[5]) - now or 0

if r[1] and r[1] ~= ARGV[1] then
  if standing ~= "" then return {"owned", r[1]} end
  if busy > 0 then return {"busy", busy} end
elseif r[1] then
  local known, asked = tonumber(r[2]), tonumber(ARGV[2])
  if asked < known then return {"superseded"} end
  if asked == known then
    if r[3] ~= ARGV[3] then return {"conflict"} end
    if r[4] == "COMPLETE" then return {"complete", r[7]} end
  end
  if busy > 0 then return {"busy", busy} end
end

local fence = (tonumber(r[6]) or 0) + 1
redis.call("HSET", KEYS[1], "intent", ARGV[1], "submission", ARGV[2], "digest", ARGV[3], "state", "INPROGRESS",
  "lease", string.format("%.0f", now + tonumber(ARGV[4])), "fence", fence)
redis.call("PERSIST", KEYS[1])
return {"claimed", fence, standing}
