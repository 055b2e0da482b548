-- What a tick does about a loss. It stands before tick.lua, behind drawn.lua. In
-- Go: queue/recover.go, which says why.

-- What a gateway remembers: see the header of tick.lua.
local function read_memory(at)
  local m = {generation = ARGV[at], roots = ARGV[at + 1], lines = {}}
  for i, field in ipairs({'at', 'seq', 'admitted', 'held', 'drawn', 'offset', 'window', 'parked'}) do
    m[field] = tonumber(ARGV[at + 1 + i])
  end
  for k = at + 10, #ARGV, 5 do
    m.lines[#m.lines + 1] = {name = ARGV[k], issued = tonumber(ARGV[k + 1]), serving = tonumber(ARGV[k + 2]),
      order = tonumber(ARGV[k + 3]), lapsed = tonumber(ARGV[k + 4])}
  end
  return m
end

local function save_counters()
  local fields = {}
  for i = 1, r.lines do
    for _, field in ipairs(COUNTERS) do fields[#fields + 1] = field .. i end
  end
  if #fields > 0 then save(unpack(fields)) end
end

local function behind(m)
  if m.generation ~= r.generation then return m.seq > r.seq end
  if m.seq > r.seq or m.admitted > r.admitted or m.drawn > r.drawn then return true end
  for _, known in ipairs(m.lines) do
    local i = line_index(known.name)
    if not i or known.issued > r['issued:' .. i] or known.order > r['order:' .. i] or known.lapsed > r['lapsed:' .. i] then
      return true
    end
  end
  return false
end

-- Whether nobody holds anything of this room yet.
local function untouched()
  if r.admitted > 0 then return false end
  for i = 1, r.lines do
    if r['issued:' .. i] > 0 or redis.call('EXISTS', drawn_key(i)) == 1 then return false end
  end
  return true
end

-- Takes over the roots that a gateway knows. The first root is the draw's.
local function adopt(m)
  local own, theirs = r.roots, m.roots ~= '' and m.roots or string.sub(m.generation, 1, 8)
  local list = own .. ' ' .. theirs
  if not knows(m.generation) then
    list = untouched() and theirs or string.sub(theirs, 1, 8) .. ' ' .. own .. ' ' .. theirs
  end
  local before, roots, seen = string.sub(r.roots, 1, 8), {}, {}
  for root in string.gmatch(list, '%x+') do
    if not seen[root] and #roots < MAX_ROOTS then
      seen[root], roots[#roots + 1] = true, root
    end
  end
  r.roots = table.concat(roots, ' ')
  if roots[1] ~= before and r.drawn == 0 then
    for i = 1, r.lines do redis.call('UNLINK', drawn_key(i)) end
  end
end

-- Begins the time in which places come back. random is the life to be.
local function lose(m, random)
  adopt(m)
  r.generation = string.sub(r.roots, 1, 8) .. string.sub(random, 9)
  r.call, r.claim, r.restoring, r.gather_from = 0, 0, running(), math.max(0, math.min(m.at, r.wall) - BACKDATED)
  r.lost, r.expected = running(), running() + math.max(tonumber(ARGV[15]), r.session or 0)
  r.unseen, r.seen, r.kept = 0, 0, redis.call('ZCARD', ACTIVE)
  r.b_version = 0 -- whatever this tick brings is newer
  save('generation', 'roots', 'lost', 'expected', 'kept')
end

-- The next of the drawn of line i behind an order, at most n, as visitors and places.
local function next_drawn(i, order, n)
  local from = order + math.max(r.offset, 0) -- place order + 1
  local visitors, places = {}, {}
  local function read(low, high)
    if #visitors == n then return end
    local found = redis.call('ZRANGEBYSCORE', drawn_key(i), low, high, 'WITHSCORES', 'LIMIT', 0, n - #visitors)
    for k = 1, #found, 2 do
      visitors[#visitors + 1], places[#places + 1] = found[k], turned(tonumber(found[k + 1]))
    end
  end
  if order >= BASE then return visitors, places end
  if from < BASE then
    read(from, '+inf')
    from = 0
  else
    from = from - BASE
  end
  if r.offset > 0 then read(from, string.format('(%.0f', r.offset)) end
  return visitors, places
end

-- Puts visitors ahead of the line, in the order of the places that they were called from.
local function come_first(visitors, places)
  local late = {}
  for k, v in ipairs(visitors) do late[2 * k - 1], late[2 * k] = places[k] - 2 * BASE, v end
  if #late > 0 then redis.call('ZADD', LATE, unpack(late)) end
end

-- Those of the drawn of line i who were called since an order, and have not left.
local function call_back_drawn(i, order)
  local left = MOST
  while left > 0 do
    local visitors, places = next_drawn(i, order, math.min(left, CHUNK))
    if #visitors == 0 or places[1] > r['order:' .. i] then return end
    local used, here, at = redis.call('ZMSCORE', spent_key(i), unpack(visitors)), {}, {}
    for k, v in ipairs(visitors) do
      if places[k] <= r['order:' .. i] and (not used[k] or tonumber(used[k]) < places[k]) then
        here[#here + 1], at[#at + 1] = v, places[k]
      end
    end
    come_first(here, at)
    left, order = left - #visitors, places[#places]
  end
end

-- Puts those of line i ahead of it who still wait although they had been called.
local function call_back(i, before)
  if r.lost == 0 then return end
  local found = redis.call('ZRANGEBYSCORE', line_key(i), '-inf', r['order:' .. i], 'WITHSCORES', 'LIMIT', 0, MOST)
  for k = 1, #found, 2 * CHUNK do
    local visitors, places = {}, {}
    for at = k, math.min(k + 2 * CHUNK - 1, #found), 2 do
      visitors[#visitors + 1], places[#places + 1] = found[at], tonumber(found[at + 1])
    end
    come_first(visitors, places)
    redis.call('ZREM', line_key(i), unpack(visitors))
  end
  if settled() then call_back_drawn(i, before) end
end

-- Takes over what a gateway knows better.
local function merge(m)
  r.seq, r.admitted, r.drawn = math.max(r.seq, m.seq), math.max(r.admitted, m.admitted), math.max(r.drawn, m.drawn)
  if r.offset < 0 and m.offset > 0 then turn(m.offset - 1) end
  if r.lost > 0 and running() <= math.max(r.restoring, r.lost) then
    r.restoring = math.max(r.restoring, r.lost + m.window)
    if r.wall - m.at < r.expected - r.lost then -- else whoever was in then is not any more
      r.unseen = math.max(r.unseen, m.held - r.kept)
    end
  end
  for _, known in ipairs(m.lines) do
    local i = line_for(known.name)
    if i then
      local before = r['order:' .. i]
      for _, field in ipairs({'issued', 'serving', 'order', 'lapsed'}) do
        r[field .. ':' .. i] = math.max(r[field .. ':' .. i], known[field])
      end
      call_back(i, before)
    end
  end
end

-- Begins to gather when a gateway has given passes without a number.
local function gather(m)
  if m.parked == 0 then return end
  if not gathering() then r.gather_from = m.parked end
  r.gather_from = math.min(r.gather_from, m.parked)
  r.gather_till = math.max(r.gather_till, running() + GATHER)
end

-- A key that vanished takes its likes along: a session without its number, and
-- what was left of a room that is gone, are of no use.
local function clear_damage()
  if redis.call('ZCARD', ACTIVE) ~= redis.call('HLEN', SESSIONS) then redis.call('UNLINK', ACTIVE, SESSIONS) end
  for i = 1, r.lines do -- places to be skipped, of a draw that has to come back first
    if redis.call('EXISTS', drawn_key(i)) == 0 then
      redis.call('ZREMRANGEBYSCORE', spent_key(i), string.format('(%.0f', r['order:' .. i]), BASE)
    end
  end
end

local OFF = '0000000000000000'

-- Whether what a gateway remembers can have been this room. One of another root
-- was this room if it was seen shortly before the store made it, or shortly after by
-- a clock that was lost with the room.
local function believes(m)
  local age = r.begun - m.at
  return m.generation ~= OFF and (knows(m.generation) or -CLOCK_LOST < age and age < FOUND)
end

local function recover(m, random, broken)
  local believed = believes(m)
  if broken then
    clear_damage()
    if not believed then m = {generation = r.generation, roots = r.roots, at = r.wall, seq = 0, admitted = 0, held = 0, drawn = 0,
      offset = 0, window = m.window, parked = m.parked, lines = {}} end
  end
  if broken or believed and (not knows(m.generation) or behind(m)) then lose(m, random) end
  if broken or believed then merge(m) end
  gather(m)
end

-- Forgets spent places that everybody would be refused anyway.
local function age()
  r.aging = math.max(r.aging, r.turn + r.grace)
  redis.call('ZREMRANGEBYSCORE', OVER, '-inf', r.now - r.session_max)
  if r.claims == 0 or r.down == 1 or r.calls == 0 or gathering() or redis.call('EXISTS', LATE) == 1 or redis.call('ZCOUNT', CALLED, BASE, '+inf') > 0 then
    r.marked = r.now
  end
  if r.now - r.marked < r.aging then return end
  r.marked = r.now
  for i = 1, r.lines do
    r['lapsed:' .. i], r['mark:' .. i] = math.max(r['lapsed:' .. i], r['mark:' .. i]), r['order:' .. i]
    local old = redis.call('ZRANGEBYSCORE', spent_key(i), '-inf', r['lapsed:' .. i], 'LIMIT', 0, MOST)
    for k = 1, #old, CHUNK do
      redis.call('ZREM', spent_key(i), unpack(old, k, math.min(k + CHUNK - 1, #old)))
    end
  end
end
