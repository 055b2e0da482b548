#!lua flags=allow-oom
-- Complete: ends sessions before their time. Their numbers go to ended, which
-- ticks carry to every gateway. Of a session that an earlier life of the room
-- gave it also ends the place that led there.
--
-- KEYS    see room.lua
-- ARGV    visitor, session, generation, line and order of the place of each visit; another session is not touched,
--         and with 0 none is: the place has been used
-- Returns {generation, answer...}, or {} when there is no room
if not enter() then return {} end

local function finish(v, session, generation, line, order)
  if session > 0 and redis.call('ZADD', OVER, 'NX', r.now, over_member(generation, session)) == 1 then note_end(session, generation) end
  local i = line_index(line)
  if i and order > 0 then
    spend(v, i, order)
    local s = score(line_key(i), v)
    if s and s <= order then redis.call('ZREM', line_key(i), v) end
    s = score(LATE, v)
    if s and s <= order - 2 * BASE then redis.call('ZREM', LATE, v) end
  end
  return where(v)
end

local function complete(v, session, generation, line, order)
  local here = where(v)
  if here[1] == ADMITTED and here[7] == session and here[9] == generation then
    redis.call('ZREM', ACTIVE, v)
    redis.call('HDEL', SESSIONS, v)
    note_end(session, generation)
    if line == '' then redis.call('ZADD', OVER, r.now, v) end -- no place is known to have led there, so perhaps an open admission did
    return answer(NONE)
  elseif generation ~= r.generation and knows(generation) then
    return finish(v, session, generation, line, order)
  end
  return here
end

local reply = {r.generation}
for i = 1, ARGS, 5 do
  reply[#reply + 1] = complete(ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3], tonumber(ARGV[i + 4]))
end
leave_room('ended')
return reply
