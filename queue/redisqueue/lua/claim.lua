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

-- The usual claim, of a turn while nobody stands at the door and the rate
-- allows it, is only written down; flush does all of them at once.
local gone, ends, sessions = {}, {}, {}

local function flush()
  if #gone == 0 then return end
  for _, key in ipairs({CALLED, LATE, LAPSED}) do
    if redis.call('EXISTS', key) == 1 then redis.call('ZREM', key, unpack(gone)) end
  end
  redis.call('ZADD', ACTIVE, unpack(ends))
  redis.call('HSET', SESSIONS, unpack(sessions))
  gone, ends, sessions = {}, {}, {}
end

local length = math.max(r.probation, r.session)
local function usual(v, deadline)
  if deadline <= r.refunded then r.call = r.call - TOKEN end
  r.stamp, r.claim, r.admitted = r.stamp + 1, r.claim - TOKEN, r.admitted + 1
  used(v)
  gone[#gone + 1] = v
  ends[#ends + 1], ends[#ends + 2] = r.now + length, v
  sessions[#sessions + 1], sessions[#sessions + 2] = v, session_text(r.admitted, r.now, 0, r.generation)
  return answer(ADMITTED, '', 0, 0, 0, to_wall(r.now + length), r.admitted, 0, r.generation)
end

local ids = {}
for i = 1, ARGS, 3 do ids[#ids + 1] = ARGV[i] end
local active, called = redis.call('ZMSCORE', ACTIVE, unpack(ids)), redis.call('ZMSCORE', CALLED, unpack(ids))
local door = redis.call('ZCOUNT', CALLED, BASE, '+inf') > 0
local reply, seen = {r.generation}, {}
for n, v in ipairs(ids) do
  local deadline = called[n] and tonumber(called[n])
  if deadline and deadline < BASE and not active[n] and not seen[v] and not door and r.claims == 1 and r.down == 0 and r.claim >= TOKEN then
    reply[n + 1] = usual(v, deadline)
  else
    flush()
    reply[n + 1] = claim(v, ARGV[3 * n - 1], tonumber(ARGV[3 * n]))
    door = door or reply[n + 1][1] == AT_DOOR
  end
  seen[v] = true
end
flush()
leave_room('stamp', 'admitted')
return reply
