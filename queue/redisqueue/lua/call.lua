-- Who is called next. It stands before tick.lua, behind recover.lua. In Go:
-- queue/room.go, queue/drawn.go, queue/arrivals.go.

-- Ends the draw when the sale has started, but not before everybody who was in
-- it could come back.
local function close_draw()
  if closing() and not gathering() then
    r.drawn = 1
    for i = 1, r.lines do
      r['issued:' .. i] = math.max(r['issued:' .. i], redis.call('ZCARD', drawn_key(i)))
    end
  end
  if r.drawn == 1 and r.offset < 0 and r.given >= 0 then turn(r.given) end -- the first one known stays
end

-- Gives the arrivals their numbers; while the room gathers, to those who came so
-- long ago that whoever came before is here, too.
local function number()
  if running() < math.max(r.restoring, r.settle_till) or closing() then return end
  local left, last = MOST, '+inf'
  if gathering() then last = (r.wall - GATHER) * MAX_LINES end
  while left > 0 do
    local popped = redis.call('ZRANGEBYSCORE', ARRIVED, '-inf', last, 'WITHSCORES', 'LIMIT', 0, math.min(left, CHUNK))
    if #popped == 0 then return end
    redis.call('ZREMRANGEBYRANK', ARRIVED, 0, #popped / 2 - 1)
    for k = 1, #popped, 2 do
      local i = tonumber(popped[k + 1]) % MAX_LINES + 1
      r['issued:' .. i] = r['issued:' .. i] + 1
      redis.call('ZADD', line_key(i), BASE + r['issued:' .. i], popped[k])
    end
    left = left - #popped / 2
  end
end

-- Offers turns.
local function offer(visitors)
  local called = {}
  for _, v in ipairs(visitors) do
    called[#called + 1], called[#called + 2] = r.now + r.turn, v
  end
  if #called > 0 then redis.call('ZADD', CALLED, unpack(called)) end
  r.call = r.call - TOKEN * #visitors
end

-- Calls the next n of the drawn of line i and skips those who have left; returns how many.
local function call_drawn(i, n)
  local done = 0
  while done < n do
    local visitors, places = next_drawn(i, r['order:' .. i], math.min(n - done, CHUNK))
    if #visitors == 0 then break end
    local used = redis.call('ZMSCORE', spent_key(i), unpack(visitors))
    local here = {}
    for k, v in ipairs(visitors) do
      r['order:' .. i], r['serving:' .. i] = places[k], r['serving:' .. i] + 1
      if not used[k] or tonumber(used[k]) < places[k] then
        here[#here + 1] = v
      end
    end
    offer(here)
    done = done + #here
  end
  return done
end

-- Calls the first n of line i.
local function call_waiting(i, n)
  while n > 0 do
    local popped = redis.call('ZPOPMIN', line_key(i), math.min(n, CHUNK))
    if #popped == 0 then return end
    local visitors = {}
    for k = 1, #popped, 2 do visitors[#visitors + 1] = popped[k] end
    offer(visitors)
    local last = tonumber(popped[#popped])
    r['order:' .. i], r['serving:' .. i] = math.max(r['order:' .. i], last), math.max(r['serving:' .. i], last - BASE)
    n = n - #visitors
  end
end

-- Calls the first n of those who came back late.
local function call_late(n)
  while n > 0 do
    local popped = redis.call('ZPOPMIN', LATE, math.min(n, CHUNK))
    if #popped == 0 then return end
    local visitors = {}
    for k = 1, #popped, 2 do visitors[#visitors + 1] = popped[k] end
    offer(visitors)
    n = n - #visitors
  end
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
  call_late(late)
  local waiting = {}
  for i = 1, r.lines do waiting[i] = redis.call('ZCARD', line_key(i)) + drawn_waiting(i) end
  local take = share(n - late, waiting)
  for i = 1, r.lines do
    if take[i] > 0 then call_waiting(i, take[i] - call_drawn(i, take[i])) end
  end
end
