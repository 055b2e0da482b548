#!lua flags=allow-oom
-- Leave: gives up places and turns. A place with another order than the one
-- meant is kept: an old leave must not take the place of somebody who joined again.
--
-- KEYS    see room.lua
-- ARGV    visitor, line, order of each visit; order 0 is a place without a number
-- Returns {generation, answer...}, or {} when there is no room
if not enter() then return {} end

local function leave(v, line, order)
  local i = line_index(line)
  if i then
    if score(line_key(i), v) == order then redis.call('ZREM', line_key(i), v) end
    local drawn = score(drawn_key(i), v)
    local here = drawn and in_draw(v, i, drawn)
    if here and (order == 0 or here[3] == order) then leave_draw(v, i) end
  end
  if order == 0 then redis.call('ZREM', ARRIVED, v) end
  local turn = score(CALLED, v)
  if turn then
    if turn > r.refunded then r.call = r.call + TOKEN end
    redis.call('ZREM', CALLED, v)
  end
  redis.call('ZREM', LATE, v)
  redis.call('ZREM', LAPSED, v)
  return where(v)
end

local reply = {r.generation}
for i = 1, ARGS, 3 do
  reply[#reply + 1] = leave(ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]))
end
leave_room()
return reply
