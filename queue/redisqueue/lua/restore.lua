#!lua
-- Restore: gives back the places of passes that earlier lives of the room gave.
--
-- KEYS    see room.lua
-- ARGV    visitor, line, order, generation of each visit; an order below 2^52 is the draw's
-- Returns {generation, answer...}, or {} when there is no room
--
-- It adds: without memory it is refused as a whole. In Go: queue/recover.go.
if not enter() then return {} end

local function restore(v, line, order, generation)
  local here, arrived = where(v), score(ARRIVED, v)
  if here[1] ~= NONE and not arrived or order < 1 or generation == r.generation or r.release == 1 or not knows(generation) then
    return here
  end
  local i = line_for(line)
  if not i or order < BASE and r.draw == 0 then return here end
  redis.call('ZREM', ARRIVED, v) -- who came again meanwhile has the better place
  local place = order
  if order < BASE then
    place = turned(order)
    if not settled() then
      enter_draw(v, i, order)
      return where(v)
    end
  end
  local used = score(spent_key(i), v)
  if used and used >= place or place <= r['lapsed:' .. i] then
    return answer(MISSED)
  elseif place <= r['order:' .. i] then
    redis.call('ZADD', LATE, place - 2 * BASE, v) -- before whoever has come late by now
  elseif order < BASE then
    enter_draw(v, i, order)
  else
    redis.call('ZADD', line_key(i), place, v)
    r['issued:' .. i] = math.max(r['issued:' .. i], place - BASE)
    save('issued:' .. i)
  end
  return where(v)
end

local reply = {r.generation}
for i = 1, ARGS, 4 do
  reply[#reply + 1] = restore(ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3])
end
leave_room()
return reply
