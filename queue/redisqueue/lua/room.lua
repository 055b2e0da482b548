-- What every script shares: the keys of a room, its fields, and the rules that
-- more than one operation needs. It stands before each script. The same rules
-- in Go: queue/room.go.
--
-- KEYS  1 room HASH · 2 called ZSET · 3 late ZSET · 4 lapsed ZSET
--       5 active ZSET · 6 sessions HASH · 7 ended STREAM · 8 arrived ZSET · 9 over ZSET
--       then of each line: line ZSET, drawn ZSET, spent ZSET
--
-- All numbers are integers below 2^53, so doubles hold them exactly. A
-- generation has 64 bits and is text: 8 hexadecimal digits of root, 8 of life.
local ROOM, CALLED, LATE, LAPSED = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local ACTIVE, SESSIONS, ENDED, ARRIVED, OVER = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]

local SCHEMA = 2              -- of everything below these keys
local TOKEN = 60000000        -- one visitor in a bucket
local BASE = 4503599627370496 -- 2^52: orders of the line, and stamps at the door, are above; those of the draw below
local MAX_LINES = 8
local MAX_ROOTS = 4
local MAX_STEP = 10000        -- ms that one operation may move a room's time
local PATIENCE = 10000        -- ms until a call counts as unanswered
local KEEP = 30 * 24 * 3600   -- seconds that a room outlives its last tick: whatever is forgotten goes by itself
local MOST = 20000            -- calls of one tick: a script must not hold everybody up
local GATHER = 10000          -- ms that a room gathers those who came while the store was away
local SETTLE = 2000           -- ms that a room made out of nothing gives no numbers
local FOUND = 24 * 3600 * 1000 -- ms before a room was made within which another room's memory may have been of it
local CLOCK_LOST = 3600 * 1000 -- ms after a room was made within which the same may be, by a clock that was lost too
local BACKDATED = 60000       -- ms before a loss that somebody may have come who has no number
local CHUNK = 500             -- arguments to one command; Lua's stack ends near 8000

local NONE, WAITING, TURN, AT_DOOR, LAPSED_, LATE_, ADMITTED, MISSED, FULL = 0, 1, 2, 3, 4, 5, 6, 7, 8

local r = {} -- the room's fields: numbers, but for generation, roots and the lines' names

local function load_room()
  local flat = redis.call('HGETALL', ROOM)
  for i = 1, #flat, 2 do
    local field, value = flat[i], flat[i + 1]
    local text = field == 'generation' or field == 'roots' or string.sub(field, 1, 5) == 'name:'
    r[field] = text and value or tonumber(value)
  end
  r.down, r.stood = r.down or 0, r.stood or 0 -- an older gateway makes rooms without
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

local function line_key(i) return KEYS[7 + 3 * i] end
local function drawn_key(i) return KEYS[8 + 3 * i] end
local function spent_key(i) return KEYS[9 + 3 * i] end

local function line_index(name)
  for i = 1, r.lines do
    if r['name:' .. i] == name then return i end
  end
end

-- What is counted for each line.
local COUNTERS = {'issued:', 'serving:', 'order:', 'current:', 'mark:', 'lapsed:'}

-- Finds a line or makes it; nil when there are too many.
local function line_for(name)
  local at = line_index(name)
  if at or r.lines == MAX_LINES then return at end
  at = r.lines + 1
  r.lines, r['name:' .. at], r['weight:' .. at] = at, name, 1
  for _, field in ipairs(COUNTERS) do r[field .. at] = 0 end
  save('lines', 'name:' .. at, 'weight:' .. at)
  for _, field in ipairs(COUNTERS) do save(field .. at) end
  return at
end

-- The room's time as it would be had now never stood still, since everything behind
-- it was down. The windows of a restore, of gathering and of a leap go by it; turns,
-- graces and sessions by now.
local function running() return r.now + r.stood end

local function burst(rate)
  if rate == 0 then return 0 end
  return TOKEN + rate * 1000
end

-- Looks whether the sale has started. A clock that has just leapt is not believed
-- about that until it has gone on for a while.
local function opens()
  local opens_at = r.opens or 0
  local believed = r.open == 1 or opens_at == 0 or running() >= r.leapt
  r.open = r.wall >= opens_at and believed and 1 or 0
end

-- Brings the room to the store's clock: tokens that a bucket has no room for are
-- gone when they come, not when somebody looks.
local function move(wall)
  local step = math.min(math.max(wall - r.wall, 0), MAX_STEP)
  if r.down == 1 then r.stood = r.stood + step else r.now = r.now + step end
  if math.abs(wall - r.wall) > MAX_STEP then r.leapt = running() + MAX_STEP end
  r.wall = wall
  r.call = math.min(r.call + r.rate * step, burst(r.rate))
  r.claim = math.min(r.claim + r.rate * step, burst(r.rate))
  opens()
end

-- How many keys the room has, of those that its lines may have.
local function count_keys() return redis.call('EXISTS', unpack(KEYS, 1, 9 + 3 * r.lines)) end

-- Whether a key has vanished since the last script: deleted, or evicted.
local function damaged() return count_keys() ~= r.keys end

-- Every script but tick has two arguments behind its own: which generation the
-- gateway has seen, and its tick.
local ARGS = #ARGV - 2

-- Every script but tick begins so; false: a tick must make the room, or mend it. A
-- copy of the room that is older than what the gateway has seen must not go on
-- giving numbers that were given already.
local function enter()
  if not load_room() or r.schema < SCHEMA or damaged() then return false end
  if r.generation == ARGV[ARGS + 1] and r.seq < tonumber(ARGV[ARGS + 2]) then return false end
  move(wall_clock())
  return true
end

-- What enter changes, together with what the script names.
local function leave_room(...)
  r.keys = count_keys()
  save('wall', 'now', 'open', 'leapt', 'call', 'claim', 'keys', ...)
  if r.down == 1 then save('stood') end
end

local function score(key, v)
  local s = redis.call('ZSCORE', key, v)
  return s and tonumber(s)
end

local function to_wall(t) return r.wall + t - r.now end

local function free()
  local unseen = 0
  if running() < r.expected then unseen = math.max(0, r.unseen - r.seen) end
  return r.cap - redis.call('ZCARD', ACTIVE) - redis.call('ZCARD', CALLED) - unseen
end

-- An answer: state, line, order, number, ahead, ends, session, probation, generation of the session.
local function answer(state, line, order, number, ahead, ends, session, probation, generation)
  return {state, line or '', order or 0, number or 0, ahead or 0, ends or 0, session or 0, probation or 0, generation or ''}
end

local function session_of(v)
  local text = redis.call('HGET', SESSIONS, v)
  local n, start, probation, generation = string.match(text, '(%d+) (%d+) (%d) (%x+)')
  return tonumber(n), tonumber(start), tonumber(probation), generation
end

local function session_text(n, start, probation, generation)
  return string.format('%.0f %.0f %d %s', n, start, probation, generation)
end

local function keep_session(v, n, start, probation, generation)
  redis.call('HSET', SESSIONS, v, session_text(n, start, probation, generation))
end

-- Makes v active.
local function come_in(v, length, number, probation, generation)
  redis.call('ZREM', CALLED, v)
  redis.call('ZREM', LATE, v)
  redis.call('ZREM', LAPSED, v)
  redis.call('ZADD', ACTIVE, r.now + length, v)
  keep_session(v, number, r.now, probation, generation)
end

-- Notes that a place of v's buys nothing any more.
local function spend(v, i, place) redis.call('ZADD', spent_key(i), 'GT', place, v) end

-- Notes, in a room that has lost something, that whatever place of v's was called
-- by now has led to a session.
local function used(v)
  if r.lost == 0 then return end
  for i = 1, r.lines do spend(v, i, r['order:' .. i]) end
end

local function admit(v, length, probation)
  r.admitted = r.admitted + 1
  used(v)
  come_in(v, length, r.admitted, probation, r.generation)
end

-- Notes a session that ended before its time, for all gateways. The room's time
-- never falls and the counter always grows, so ids only grow.
local function note_end(number, generation)
  r.ended = r.ended + 1
  redis.call('XADD', ENDED, string.format('%.0f-%.0f', r.now, r.ended), 'n', number, 'g', generation)
end

-- Lets those at the door in, first come first served, as the claim bucket allows.
local function drain()
  local n = math.floor(r.claim / TOKEN)
  if r.claims == 0 or r.down == 1 or n < 1 then return end
  for _, v in ipairs(redis.call('ZRANGEBYSCORE', CALLED, BASE, '+inf', 'LIMIT', 0, n)) do
    r.claim = r.claim - TOKEN
    admit(v, r.probation, 1)
  end
end
