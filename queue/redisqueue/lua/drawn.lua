-- The draw, and those who wait for a number: shared by all scripts, behind
-- room.lua. The same rules in Go: queue/drawn.go, queue/arrivals.go.

-- Whether the order of the drawn is known: the draw is closed and, if a public
-- value turns it, so is that.
local function settled() return r.drawn == 1 and r.offset >= 0 end

local function draws()
  if r.draw == 1 then return true end
  for i = 1, r.lines do
    if redis.call('EXISTS', drawn_key(i)) == 1 then return true end
  end
  return false
end

-- Whether the sale has started and the draw is not closed yet.
local function closing() return r.open == 1 and r.drawn == 0 and draws() end

-- Whether more may come who were here before.
local function gathering() return running() < math.max(r.settle_till, r.gather_till, r.restoring) end

-- Whether nobody gets a number at this moment.
local function parks()
  return gathering() or redis.call('EXISTS', ARRIVED) == 1 or closing()
end

-- Puts v, who joins now, among the arrivals of line i.
local function park(v, since, i)
  local came = r.wall
  if gathering() and r.gather_from <= since and 0 < since and since < came then came = since end
  redis.call('ZADD', ARRIVED, came * MAX_LINES + i - 1, v)
  return answer(WAITING, r['name:' .. i])
end

-- An order counted from the offset on, from 1 to BASE.
local function turned(order) return (order - math.max(r.offset, 0)) % BASE + 1 end

-- How many of a set stand at a place from..to, counted from the offset on.
local function count_places(key, from, to)
  if to < from then return 0 end
  local offset = math.max(r.offset, 0)
  local low, high = from - 1 + offset, to - 1 + offset
  if low >= BASE then
    low, high = low - BASE, high - BASE
  elseif high >= BASE then
    return redis.call('ZCOUNT', key, low, '+inf') + redis.call('ZCOUNT', key, '-inf', high - BASE)
  end
  return redis.call('ZCOUNT', key, low, high)
end

local function drawn_waiting(i)
  local key = drawn_key(i)
  local all = redis.call('ZCARD', key)
  if all == 0 then return 0 end
  local called = r['order:' .. i]
  return math.max(0, all - count_places(key, 1, math.min(called, BASE)) - redis.call('ZCOUNT', spent_key(i), called + 1, BASE))
end

-- Answers for v, who stands in the draw of line i at this order and has not been
-- called yet; nil for who has.
local function in_draw(v, i, order)
  if r.drawn == 0 then return answer(WAITING, r['name:' .. i]) end
  local place, called = settled() and turned(order) or BASE, r['order:' .. i]
  if place <= called then return nil end
  local used = score(spent_key(i), v)
  if used and used >= place then return nil end
  if not settled() then return answer(WAITING, r['name:' .. i]) end
  return answer(WAITING, r['name:' .. i], place, r['serving:' .. i] + count_places(drawn_key(i), called + 1, place))
end

-- Puts v into the draw of line i, at order or at the next one that is free.
local function enter_draw(v, i, order)
  while redis.call('ZCOUNT', drawn_key(i), order, order) > 0 do order = order % (BASE - 1) + 1 end
  redis.call('ZADD', drawn_key(i), order, v)
end

-- Takes v out of a draw that is still open, or marks the place as one to skip.
-- While nobody knows the places, the last stands for all; turn mends that.
local function leave_draw(v, i)
  local order = score(drawn_key(i), v)
  if not order then return end
  local place = settled() and turned(order) or BASE
  if r.drawn == 0 then
    redis.call('ZREM', drawn_key(i), v)
  elseif place > r['order:' .. i] then
    spend(v, i, place)
  end
end

-- Sets where the circle of the drawn begins, for good.
local function turn(offset)
  r.offset = offset
  for i = 1, r.lines do
    local left = redis.call('ZRANGEBYSCORE', spent_key(i), BASE, BASE)
    for k = 1, #left, CHUNK do
      local last, places = math.min(k + CHUNK - 1, #left), {}
      for n, order in ipairs(redis.call('ZMSCORE', drawn_key(i), unpack(left, k, last))) do
        if order then places[#places + 1], places[#places + 2] = turned(tonumber(order)), left[k + n - 1] end
      end
      if #places > 0 then redis.call('ZADD', spent_key(i), unpack(places)) end
    end
  end
end

-- Gives up every place that v stands at.
local function vacate(v)
  for i = 1, r.lines do
    redis.call('ZREM', line_key(i), v)
    leave_draw(v, i)
  end
  redis.call('ZREM', ARRIVED, v)
end

local function where(v)
  local s = score(ACTIVE, v)
  if s then
    local n, _, probation, generation = session_of(v)
    return answer(ADMITTED, '', 0, 0, 0, to_wall(s), n, probation, generation)
  end
  s = score(CALLED, v)
  if s and s < BASE then return answer(TURN, '', 0, 0, 0, to_wall(s)) end
  if s then
    return answer(AT_DOOR, '', 0, 0, redis.call('ZCOUNT', CALLED, BASE, string.format('(%.0f', s)))
  end
  if score(LATE, v) then return answer(LATE_) end
  if score(LAPSED, v) then return answer(LAPSED_) end
  for i = 1, r.lines do
    s = score(line_key(i), v)
    if s then return answer(WAITING, r['name:' .. i], s, s - BASE) end
    s = score(drawn_key(i), v)
    local here = s and in_draw(v, i, s)
    if here then return here end
  end
  s = score(ARRIVED, v)
  if s then return answer(WAITING, r['name:' .. (s % MAX_LINES + 1)]) end
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
  local n, start, probation, generation = session_of(v)
  local ends = score(ACTIVE, v)
  if probation == 1 then
    ends = math.max(ends, start + r.session)
    keep_session(v, n, start, 0, generation)
  end
  if r.renew == 1 then
    ends = math.max(ends, math.min(r.now + r.session, start + r.session_max))
  end
  redis.call('ZADD', ACTIVE, ends, v)
end

-- A session of an earlier life as a member of OVER.
local function over_member(generation, number) return string.format('%s.%.0f', generation, number) end

-- Whether what this generation gave counts in this room.
local function knows(generation)
  return string.find(r.roots, string.sub(generation, 1, 8), 1, true) ~= nil
end
