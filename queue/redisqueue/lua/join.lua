#!lua
-- Join: takes a place for each visitor, or lets it straight in.
--
-- KEYS    see room.lua
-- ARGV    1 how many arguments each visit has: 2 or 4; then visitor, line and, of 4, order and since of each.
--         An empty line asks to go straight in only. The order is the one that the draw gives (0: none),
--         since when somebody came who got no number (0: now)
-- Returns {generation, answer...}, or {} when there is no room; for somebody new in
--         the line they asked for the answer is the order alone
--
-- One lookup per set and one ZADD per line for the whole batch: a rush is joins.
-- It adds: without memory it is refused as a whole.
if not enter() then return {} end

local WIDE = tonumber(ARGV[1])
local ids = {}
for i = 2, ARGS, WIDE do ids[#ids + 1] = ARGV[i] end

-- Calls found with each visitor of the batch who is in a set; returns how many it has.
local function look_up(key, found)
  local size = redis.call('ZCARD', key)
  if size > 0 then
    for n, s in ipairs(redis.call('ZMSCORE', key, unpack(ids))) do
      if s then found(ids[n], tonumber(s)) end
    end
  end
  return size
end

-- Who is known already, whatever as; those of the drawn with where they stand.
local known, in_the_draw = {}, {}
local function note(v) known[v] = true end

local active, called = look_up(ACTIVE, note), look_up(CALLED, note)
local late, _ = look_up(LATE, note), look_up(LAPSED, note)
look_up(ARRIVED, note)
local waiting, index, added = 0, {}, {}
for i = 1, r.lines do
  waiting = waiting + look_up(line_key(i), note) + drawn_waiting(i)
  look_up(drawn_key(i), function(v, order) in_the_draw[v] = in_the_draw[v] or {i, order} end)
  index[r['name:' .. i]], added[i] = i, {}
end
local at_door = redis.call('ZCOUNT', CALLED, BASE, '+inf')
local parking = parks()
local slots = free() + active + called -- for both, whom this batch lets in counted

local function straight_in()
  return r.open == 1 and r.direct == 1 and r.down == 0 and r.release == 0 and waiting == 0 and late == 0 and at_door == 0
    and not parking and slots - active - called >= 1 and r.call >= TOKEN and r.claim >= TOKEN
end

local function drawing(order, since)
  local early = r.open == 0 or 0 < since and since < r.opens and gathering()
  return r.draw == 1 and r.drawn == 0 and early and 0 < order and order < BASE
end

local function place(v, line, order, since)
  if known[v] then
    local here = where(v)
    if here[1] == LAPSED_ then
      late = late + 1
      return come_back(v)
    end
    return here
  end
  local drawn = in_the_draw[v]
  local here = drawn and in_draw(v, drawn[1], drawn[2])
  if here then return here end
  local i = index[line]
  if i and drawing(order, since) then
    enter_draw(v, i, order)
    waiting = waiting + 1
    return where(v)
  end
  if straight_in() then
    r.call, r.claim, active = r.call - TOKEN, r.claim - TOKEN, active + 1
    admit(v, r.probation, 1)
    return where(v)
  end
  if line == '' then return answer(FULL) end
  if not i or r.draw == 1 and r.drawn == 0 and r.open == 0 then return answer(NONE) end
  if parking then return park(v, since, i) end
  local number = r['issued:' .. i] + 1
  r['issued:' .. i] = number
  waiting = waiting + 1
  local list = added[i]
  list[#list + 1], list[#list + 2] = BASE + number, v
  return BASE + number
end

local reply, first = {r.generation}, {}
for n, v in ipairs(ids) do
  local a
  local m = first[v]
  if m then -- the same visitor twice in a batch: the same place
    a = reply[m + 1]
    if type(a) == 'number' then a = answer(WAITING, ARGV[WIDE * (m - 1) + 3], a, a - BASE) end
  else
    local at = WIDE * (n - 1) + 3
    if WIDE == 2 then
      a = place(v, ARGV[at], 0, 0)
    else
      a = place(v, ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]))
    end
    if type(a) == 'number' or a[1] ~= FULL and a[1] ~= NONE then first[v] = n end
  end
  reply[n + 1] = a
end
for i = 1, r.lines do
  if #added[i] > 0 then
    redis.call('ZADD', line_key(i), unpack(added[i]))
    save('issued:' .. i)
  end
end
leave_room('stamp', 'admitted')
return reply
