#!lua flags=allow-oom
-- Touch: extends sessions, ends probation, and makes sessions of admissions that
-- were given while the room was off, or by an earlier life of the room.
--
-- KEYS    see room.lua
-- ARGV    visitor, session, generation, ms to adopt (0: none), since of each visit; generation 0: given
--         while the room was off, since then
-- Returns {generation, answer...}, or {} when there is no room
if not enter() then return {} end

local OFF = '0000000000000000'

-- Makes a session again that an earlier life gave. It has its slot, whatever the
-- cap. Whoever has a place behind those called has queued again since, so the
-- session is over.
local function readmit(v, here, session, generation, adopt)
  local over = score(OVER, over_member(generation, session))
  if over or here[1] == WAITING and here[3] > r['order:' .. line_index(here[2])] then return answer(NONE) end
  vacate(v)
  used(v)
  come_in(v, math.min(adopt, r.session), session, 0, generation)
  r.seen = r.seen + 1
  return where(v)
end

-- Whether v was ended after an admission was given that names no session.
local function out(v, since)
  local at = score(OVER, v)
  return at and since <= to_wall(at)
end

local function touch(v, session, generation, adopt, since)
  local here, off = where(v), adopt > 0 and generation == OFF
  if here[1] == ADMITTED then
    if not off and (here[7] ~= session or here[9] ~= generation) then return answer(NONE) end
    settle(v)
    return where(v)
  elseif off then
    if out(v, since) then return answer(NONE) end
    vacate(v)
    admit(v, math.min(adopt, r.session), 0)
    return where(v)
  elseif adopt > 0 and generation ~= r.generation and knows(generation) then
    return readmit(v, here, session, generation, adopt)
  end
  return answer(NONE)
end

local reply = {r.generation}
for i = 1, ARGS, 5 do
  reply[#reply + 1] = touch(ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4]))
end
leave_room('admitted', 'seen')
return reply
