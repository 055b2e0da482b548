#!lua flags=allow-oom
-- Touch: extends sessions, ends probation, and makes a session of an admission
-- that was given while the room was off.
--
-- KEYS    see room.lua
-- ARGV    visitor, session, ms to adopt (0: none) of each visit
-- Returns {generation, answer...}, or {} when there is no room
if not enter() then return {} end

local function touch(v, session, adopt)
  local here = where(v)
  if here[1] == ADMITTED and (here[6] == session or adopt > 0) then
    settle(v)
    return where(v)
  elseif here[1] ~= ADMITTED and adopt > 0 then
    -- Let in while the room was off: it has the slot already, whatever the cap.
    for i = 1, r.lines do redis.call('ZREM', line_key(i), v) end
    admit(v, math.min(adopt, r.session), 0)
    return where(v)
  end
  return answer(NONE)
end

local reply = {r.generation}
for i = 1, #ARGV, 3 do
  reply[#reply + 1] = touch(ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]))
end
leave_room('admitted')
return reply
