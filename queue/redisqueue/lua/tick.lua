#!lua flags=allow-oom
-- Tick: installs a newer policy, expires turns and
-- sessions, lets those at the door in, calls whoever is due.
--
-- KEYS    see room.lua, with all MAX lines
-- ARGV    1 generation for a new room · 2 cursor in ended or '' · 3 page size
--         4 version · 5 calls · 6 claims · 7 direct · 8 renew · 9 release (0 or 1)
--         10 opens · 11 rate · 12 cap · 13 turn · 14 grace · 15 session
--         16 session max · 17 probation · then name, weight of each line
-- Returns {generation, seq, version, wall, called, at the door, late, lapsed,
--          active, admitted, more, cursor, {ended...}, {name, issued, order, waiting}...}
--
-- It frees: it must run when Redis is out of memory. What it adds, it took
-- from another set.
local FIELDS = {'calls', 'claims', 'direct', 'renew', 'release', 'opens', 'rate', 'cap',
  'turn', 'grace', 'session', 'session_max', 'probation'}
local MAX_LINES = #KEYS - 7

local function begin(wall)
  if load_room() then return end
  r = {schema = SCHEMA, generation = ARGV[1], seq = 0, wall = wall, now = wall, open = 0, version = 0, rate = 0, turn = 0,
    call = 0, claim = 0, refunded = 0, stamp = 0, admitted = 0, ended = 0, lines = 0}
  save('schema', 'generation')
end

local function install()
  local version = tonumber(ARGV[4])
  if version <= r.version then return end
  local first, turn = r.version == 0, r.turn
  for i, field in ipairs(FIELDS) do
    r[field] = tonumber(ARGV[4 + i])
  end
  if r.turn ~= turn then
    r.refunded = r.now + r.turn - math.min(PATIENCE, r.turn)
  end
  r.version = version
  local full = burst(r.rate)
  if first then r.call, r.claim = full, full end
  r.call, r.claim = math.min(r.call, full), math.min(r.claim, full)
  save('version', unpack(FIELDS))
  for i = 18, #ARGV, 2 do
    local at = line_index(ARGV[i])
    if not at and r.lines < MAX_LINES then
      at = r.lines + 1
      r.lines = at
      r['name:' .. at], r['issued:' .. at], r['order:' .. at], r['current:' .. at] = ARGV[i], 0, 0, 0
      save('lines', 'name:' .. at, 'issued:' .. at, 'order:' .. at, 'current:' .. at)
    end
    if at then
      r['weight:' .. at] = tonumber(ARGV[i + 1])
      save('weight:' .. at)
    end
  end
end

-- Calls f with at most CHUNK of list at a time.
local function in_chunks(list, f)
  for i = 1, #list, CHUNK do
    f(unpack(list, i, math.min(i + CHUNK - 1, #list)))
  end
end

local function expire()
  in_chunks(redis.call('ZRANGEBYSCORE', ACTIVE, '-inf', r.now), function(...)
    redis.call('ZREM', ACTIVE, ...)
    redis.call('HDEL', SESSIONS, ...)
  end)

  local due = r.now + r.turn - math.min(PATIENCE, r.turn)
  if due > r.refunded then
    r.call = r.call + TOKEN * redis.call('ZCOUNT', CALLED, string.format('(%.0f', r.refunded), due)
    r.refunded = due
  end
  if r.claims == 1 then -- while nobody can claim, no turn runs out
    in_chunks(redis.call('ZRANGEBYSCORE', CALLED, '-inf', r.now), function(...)
      redis.call('ZREM', CALLED, ...)
      local lapsed = {}
      for _, v in ipairs({...}) do
        lapsed[#lapsed + 1] = r.now + r.grace
        lapsed[#lapsed + 1] = v
      end
      redis.call('ZADD', LAPSED, 'NX', unpack(lapsed))
    end)
  end
  for _, v in ipairs(redis.call('ZRANGEBYSCORE', LAPSED, '-inf', r.now)) do
    if not score(CALLED, v) and not score(LATE, v) then redis.call('ZREM', LAPSED, v) end
  end

  redis.call('XTRIM', ENDED, 'MINID', string.format('%.0f', math.max(0, r.now - r.session_max)))
end

local function release()
  for i = 1, r.lines do
    if r['issued:' .. i] > 0 then
      r['order:' .. i] = BASE + r['issued:' .. i]
      save('order:' .. i)
    end
    redis.call('UNLINK', line_key(i))
  end
  redis.call('UNLINK', CALLED, LATE, LAPSED)
end

-- Offers turns to the first n of a set; returns the order of the last.
local function offer(key, n)
  local last
  while n > 0 do
    local popped = redis.call('ZPOPMIN', key, math.min(n, CHUNK))
    if #popped == 0 then break end
    local called = {}
    for i = 1, #popped, 2 do
      called[#called + 1] = r.now + r.turn
      called[#called + 1] = popped[i]
    end
    redis.call('ZADD', CALLED, unpack(called))
    last = tonumber(popped[#popped])
    n = n - #popped / 2
    r.call = r.call - TOKEN * #popped / 2
  end
  return last
end

-- Smooth weighted round robin among the lines; see share in queue/rules.go.
local function share(n, waiting)
  local take, total = {}, 0
  for i = 1, r.lines do
    take[i] = 0
    if waiting[i] == 0 then r['current:' .. i] = 0 else total = total + r['weight:' .. i] end
  end
  while n > 0 and total > 0 do
    local pick
    for i = 1, r.lines do
      if take[i] < waiting[i] then
        r['current:' .. i] = r['current:' .. i] + r['weight:' .. i]
        if not pick or r['current:' .. i] > r['current:' .. pick] then pick = i end
      end
    end
    r['current:' .. pick] = r['current:' .. pick] - total
    take[pick] = take[pick] + 1
    if take[pick] == waiting[pick] then
      r['current:' .. pick] = 0
      total = total - r['weight:' .. pick]
    end
    n = n - 1
  end
  return take
end

local function call()
  local n = math.max(0, math.min(free(), math.floor(r.call / TOKEN), MOST))
  local late = math.min(n, redis.call('ZCARD', LATE))
  offer(LATE, late)
  local waiting = {}
  for i = 1, r.lines do waiting[i] = redis.call('ZCARD', line_key(i)) end
  local take = share(n - late, waiting)
  for i = 1, r.lines do
    r['order:' .. i] = offer(line_key(i), take[i]) or r['order:' .. i]
    save('order:' .. i, 'current:' .. i)
  end
end

local wall = wall_clock()
begin(wall)
move(wall)
install()
r.open = wall >= r.opens and 1 or 0
expire()
if r.release == 1 then release() end
drain()
if r.open == 1 and r.calls == 1 and r.rate > 0 then call() end
r.call = math.min(r.call, burst(r.rate))
r.seq = r.seq + 1
leave_room('seq', 'refunded', 'stamp', 'admitted', 'ended')

if r.seq % 240 == 1 then -- about once a minute: each EXPIRE goes to the append-only file
  for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, KEEP) end
end

local page, cursor, more, ended = tonumber(ARGV[3]), ARGV[2], 0, {}
local from = cursor == '' and '-' or '(' .. cursor
for i, entry in ipairs(redis.call('XRANGE', ENDED, from, '+', 'COUNT', page + 1)) do
  if i > page then
    more = 1
  else
    ended[i], cursor = tonumber(entry[2][2]), entry[1]
  end
end
local reply = {r.generation, r.seq, r.version, wall, redis.call('ZCARD', CALLED),
  redis.call('ZCOUNT', CALLED, BASE, '+inf'), redis.call('ZCARD', LATE), redis.call('ZCARD', LAPSED),
  redis.call('ZCARD', ACTIVE), r.admitted, more, cursor, ended}
for i = 1, r.lines do
  reply[#reply + 1] = {r['name:' .. i], r['issued:' .. i], r['order:' .. i], redis.call('ZCARD', line_key(i))}
end
return reply
