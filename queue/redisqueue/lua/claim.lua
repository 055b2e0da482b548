#!lua flags=allow-oom
-- Claim: exchanges turns for sessions, or sends to the door.
--
-- KEYS    see room.lua
-- ARGV    visitor, line and order in the pass ('' and 0 if none) of each visit
-- Returns {generation, answer...}, or {} when there is no room
if not enter() then return {} end

local function claim(v, line, order)
  local here = where(v)
  if here[1] == NONE then
    local i = line_index(line)
    if i and order > 0 and order <= r['order:' .. i] then here[1] = MISSED end
    return here
  elseif here[1] == LAPSED_ then
    return come_back(v)
  elseif here[1] == TURN then
    if score(CALLED, v) <= r.refunded then
      r.call = r.call - TOKEN -- the call was given up for unanswered; now it counts
    end
    r.stamp = r.stamp + 1
    redis.call('ZADD', CALLED, BASE + r.stamp, v)
    drain()
  elseif here[1] == AT_DOOR then
    drain()
  end
  here = where(v)
  if here[1] == ADMITTED then
    settle(v)
    here = where(v)
  end
  return here
end

local reply = {r.generation}
for i = 1, #ARGV, 3 do
  reply[#reply + 1] = claim(ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]))
end
leave_room('stamp', 'admitted')
return reply
