--[[
  Replaces what is held of several things at once, if all of it is still what was read.

  KEYS  the things, and the lists of what an intent holds
  ARGV  for each key: old text or "", new text or "" for none
  Returns 1 stored, 0 somebody was faster
]]
for i, name in ipairs(KEYS) do
  if (redis.call("GET", name) or "") ~= ARGV[2 * i - 1] then return 0 end
end
for i, name in ipairs(KEYS) do
  local text = ARGV[2 * i]
  if text == "" then redis.call("DEL", name) else redis.call("SET", name, text) end
end
return 1
