#!lua flags=allow-oom
-- Complete: ends sessions before their time. Their numbers go to ended, which
-- ticks carry to every gateway.
--
-- KEYS    see room.lua
-- ARGV    visitor, session of each visit; another session is not touched
-- Returns {generation, answer...}, or {} when there is no room
if not enter() then return {} end

local reply = {r.generation}
for i = 1, #ARGV, 2 do
  local v, number = ARGV[i], tonumber(ARGV[i + 1])
  if score(ACTIVE, v) and session_of(v) == number then
    redis.call('ZREM', ACTIVE, v)
    redis.call('HDEL', SESSIONS, v)
    r.ended = r.ended + 1
    -- The room's time never falls and the counter always grows, so ids only grow.
    redis.call('XADD', ENDED, string.format('%.0f-%.0f', r.now, r.ended), 'n', number)
  end
  reply[#reply + 1] = where(v)
end
leave_room('ended')
return reply
