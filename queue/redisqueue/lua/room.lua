-- What every script shares: the keys of a room, its fields, and the rules that
-- more than one operation needs. It stands before each script. The same rules
-- in Go: queue/room.go.
--
-- KEYS  1 room HASH · 2 called ZSET · 3 late ZSET · 4 lapsed ZSET
--       5 active ZSET · 6 sessions HASH · 7 ended STREAM · 8.. one ZSET per line
--
-- All numbers are integers below 2^53, so doubles hold them exactly.
local ROOM, CALLED, LATE, LAPSED = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local ACTIVE, SESSIONS, ENDED = KEYS[5], KEYS[6], KEYS[7]

local SCHEMA = 1              -- of everything below these keys
local TOKEN = 60000000        -- one visitor in a bucket
local BASE = 4503599627370496 -- 2^52: orders of the line, and stamps at the door, are above
local MAX_STEP = 10000        -- ms that one operation may move a room's time
local PATIENCE = 10000        -- ms until a call counts as unanswered
local KEEP = 30 * 24 * 3600   -- seconds that a room outlives its last tick: whatever is forgotten goes by itself
local MOST = 20000            -- calls of one tick: a script must not hold everybody up
local CHUNK = 500             -- arguments to one command; Lua's stack ends near 8000

local NONE, WAITING, TURN, AT_DOOR, LAPSED_, LATE_, ADMITTED, MISSED, FULL = 0, 1, 2, 3, 4, 5, 6, 7, 8

local r = {} -- the room's fields: numbers, but for the generation (64 bits) and the lines' names

local function load_room()
  local flat = redis.call('HGETALL', ROOM)
  for i = 1, #flat, 2 do
    local field, value = flat[i], flat[i + 1]
    local text = field == 'generation' or string.sub(field, 1, 5) == 'name:'
    r[field] = text and value or tonumber(value)
  end
  if (r.schema or SCHEMA) > SCHEMA then
    error({err = 'NEWERSCHEMA the room has schema ' .. r.schema .. ', this gateway knows ' .. SCHEMA})
  end
  return r.generation
end

local function save(...)
  local args = {}
  for _, field in ipairs({...}) do
    args[#args + 1] = field
    args[#args + 1] = r[field]
  end
  redis.call('HSET', ROOM, unpack(args))
end

local function line_key(i) return KEYS[7 + i] end

local function line_index(name)
  for i = 1, r.lines do
    if r['name:' .. i] == name then return i end
  end
end

local function burst(rate)
  if rate == 0 then return 0 end
  return TOKEN + rate * 1000
end

-- Brings the room to the store's clock: tokens that a bucket has no room for are
-- gone when they come, not when somebody looks.
local function move(wall)
  local step = math.min(math.max(wall - r.wall, 0), MAX_STEP)
  r.wall, r.now = wall, r.now + step
  r.call = math.min(r.call + r.rate * step, burst(r.rate))
  r.claim = math.min(r.claim + r.rate * step, burst(r.rate))
  r.open = wall >= (r.opens or 0) and 1 or 0
end

-- Every script but tick begins so; false: there is no room.
local function enter()
  if not load_room() then return false end
  move(wall_clock())
  return true
end

-- What enter changes, together with what the script names.
local function leave_room(...)
  save('wall', 'now', 'open', 'call', 'claim', ...)
end

local function score(key, v)
  local s = redis.call('ZSCORE', key, v)
  return s and tonumber(s)
end

local function to_wall(t) return r.wall + t - r.now end

local function free()
  return r.cap - redis.call('ZCARD', ACTIVE) - redis.call('ZCARD', CALLED)
end

-- An answer: state, line, order, ahead, ends, session, probation.
local function answer(state, line, order, ahead, ends, session, probation)
  return {state, line or '', order or 0, ahead or 0, ends or 0, session or 0, probation or 0}
end

local function session_of(v)
  local n, start, probation = string.match(redis.call('HGET', SESSIONS, v) or '0 0 0', '(%d+) (%d+) (%d)')
  return tonumber(n), tonumber(start), tonumber(probation)
end

local function session_text(n, start, probation)
  return string.format('%.0f %.0f %d', n, start, probation)
end

local function keep_session(v, n, start, probation)
  redis.call('HSET', SESSIONS, v, session_text(n, start, probation))
end

local function admit(v, length, probation)
  r.admitted = r.admitted + 1
  redis.call('ZREM', CALLED, v)
  redis.call('ZREM', LATE, v)
  redis.call('ZREM', LAPSED, v)
  redis.call('ZADD', ACTIVE, r.now + length, v)
  keep_session(v, r.admitted, r.now, probation)
end

-- Lets those at the door in, first come first served, as the claim bucket allows.
local function drain()
  local n = math.floor(r.claim / TOKEN)
  if r.claims == 0 or n < 1 then return end
  for _, v in ipairs(redis.call('ZRANGEBYSCORE', CALLED, BASE, '+inf', 'LIMIT', 0, n)) do
    r.claim = r.claim - TOKEN
    admit(v, r.probation, 1)
  end
end

local function where(v)
  local s = score(ACTIVE, v)
  if s then
    local n, _, probation = session_of(v)
    return answer(ADMITTED, '', 0, 0, to_wall(s), n, probation)
  end
  s = score(CALLED, v)
  if s and s < BASE then return answer(TURN, '', 0, 0, to_wall(s)) end
  if s then
    return answer(AT_DOOR, '', 0, redis.call('ZCOUNT', CALLED, BASE, string.format('(%.0f', s)))
  end
  if score(LATE, v) then return answer(LATE_) end
  if score(LAPSED, v) then return answer(LAPSED_) end
  for i = 1, r.lines do
    s = score(line_key(i), v)
    if s then return answer(WAITING, r['name:' .. i], s) end
  end
  return answer(NONE)
end

-- Puts a visitor whose turn lapsed ahead of the line.
local function come_back(v)
  r.stamp = r.stamp + 1
  redis.call('ZADD', LATE, r.stamp, v)
  return where(v)
end

-- What use does to a session: probation is over, and it is extended.
local function settle(v)
  local n, start, probation = session_of(v)
  local ends = score(ACTIVE, v)
  if probation == 1 then
    ends = math.max(ends, start + r.session)
    keep_session(v, n, start, 0)
  end
  if r.renew == 1 then
    ends = math.max(ends, math.min(r.now + r.session, start + r.session_max))
  end
  redis.call('ZADD', ACTIVE, ends, v)
end
