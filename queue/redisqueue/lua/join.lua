#!lua
-- Join: takes a place for each visitor, or lets it straight in.
--
-- KEYS    see room.lua
-- ARGV    visitor, line of each visit; an empty line asks to go straight in only
-- Returns {generation, answer...}, or {} when there is no room; for somebody new in
--         the line they asked for the answer is the order alone
--
-- One lookup per set and one ZADD per line for the whole batch: a rush is joins.
-- It adds: without memory it is refused as a whole.
if not enter() then return {} end

local ids = {}
for i = 1, #ARGV, 2 do ids[#ids + 1] = ARGV[i] end

-- Who is known already, whatever as; and how many are in each set.
local known = {}
local function look_up(key)
  local size = redis.call('ZCARD', key)
  if size > 0 then
    for i, s in ipairs(redis.call('ZMSCORE', key, unpack(ids))) do
      if s then known[ids[i]] = true end
    end
  end
  return size
end

local active, called = look_up(ACTIVE), look_up(CALLED)
local late, _ = look_up(LATE), look_up(LAPSED)
local waiting, index, added = 0, {}, {}
for i = 1, r.lines do
  waiting = waiting + look_up(line_key(i))
  index[r['name:' .. i]], added[i] = i, {}
end
local at_door = redis.call('ZCOUNT', CALLED, BASE, '+inf')

local function straight_in()
  return r.open == 1 and r.direct == 1 and r.release == 0 and waiting == 0 and late == 0 and at_door == 0
    and r.cap - active - called >= 1 and r.call >= TOKEN and r.claim >= TOKEN
end

local function place(v, line)
  if known[v] then
    local here = where(v)
    if here[1] == LAPSED_ then
      late = late + 1
      return come_back(v)
    end
    return here
  end
  if straight_in() then
    r.call, r.claim, active = r.call - TOKEN, r.claim - TOKEN, active + 1
    admit(v, r.probation, 1)
    return where(v)
  end
  if line == '' then return answer(FULL) end
  local i = index[line]
  if not i then return answer(NONE) end
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
    if type(a) == 'number' then a = answer(WAITING, ARGV[2 * m], a) end
  else
    a = place(v, ARGV[2 * n])
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
