#!lua flags=allow-oom
-- Tick: sees to what was lost, installs a newer policy and a budget, expires turns
-- and sessions, lets those at the door in, calls whoever is due.
--
-- KEYS    see room.lua, with all MAX lines
-- ARGV    1 random generation · 2 cursor in ended or '' · 3 page size
--         4 version · 5 calls · 6 claims · 7 direct · 8 renew · 9 release (0 or 1)
--         10 opens · 11 rate · 12 cap · 13 turn · 14 grace · 15 session
--         16 session max · 17 probation · 18 draw (0 or 1) · 19 offset, -1: not known
--         20 version of the budget, 0: none · 21 its rate · 22 its cap · 23 down (0 or 1) · 24 number of lines,
--         then name, weight of each; then the gateway's memory: generation, roots, at, seq,
--         admitted, held, drawn, offset + 1, window, parked, and name, issued, serving, order, lapsed of each line
-- Returns {generation, roots, begun, seq, version, the budget's version, rate, cap and down, stood, wall, restoring, gathering, drawn, settled, offset,
--          arrived, called, at the door, late, lapsed, active, admitted, unseen, more, cursor,
--          {number, generation of each ended}, {name, issued, serving, order, lapsed, waiting, drawn}...}
--
-- It frees: it must run when Redis is out of memory. What it adds, it took
-- from another set.
local FIELDS = {'calls', 'claims', 'direct', 'renew', 'release', 'opens', 'own_rate', 'own_cap',
  'turn', 'grace', 'session', 'session_max', 'probation', 'draw', 'given'}

-- Makes the room if there is none. Leftovers of one that is gone say nothing.
local function begin(wall, m)
  if load_room() and r.schema == SCHEMA then return end
  redis.call('UNLINK', unpack(KEYS))
  r = {schema = SCHEMA, generation = ARGV[1], roots = string.sub(ARGV[1], 1, 8), begun = wall, seq = 0, wall = wall, now = wall,
    open = 0, version = 0, rate = 0, own_rate = 0, ruled = 0, turn = 0, call = 0, claim = 0, refunded = 0, stamp = 0, admitted = 0, ended = 0, lines = 0,
    restoring = 0, lost = 0, expected = 0, unseen = 0, seen = 0, kept = 0, marked = wall, aging = 0, leapt = 0,
    gather_from = 0, gather_till = 0, settle_till = wall + math.min(m.window, SETTLE), draw = 0, drawn = 0, offset = -1, keys = 0, down = 0, stood = 0}
  save('schema', 'generation', 'roots', 'begun', 'lost', 'expected', 'kept', 'lines', 'settle_till')
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
  r.version, r.ruled = version, version
  if first and r.lost == 0 then r.call, r.claim = burst(r.own_rate), burst(r.own_rate) end
  save('version', unpack(FIELDS))
  for i = 25, 24 + 2 * tonumber(ARGV[24]), 2 do
    local at = line_for(ARGV[i])
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
  if r.claims == 1 and r.down == 0 then -- while nobody can claim, no turn runs out
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
    local issued = r['issued:' .. i]
    if issued > 0 then r['order:' .. i], r['serving:' .. i], r['lapsed:' .. i] = BASE + issued, issued, BASE + issued end
    redis.call('UNLINK', line_key(i))
    if r.drawn == 0 then redis.call('UNLINK', drawn_key(i)) end -- else its list has been published
  end
  redis.call('UNLINK', CALLED, LATE, LAPSED, ARRIVED)
end

local wall, m = wall_clock(), read_memory(25 + 2 * tonumber(ARGV[24]))
begin(wall, m)
local broken = r.keys > 0 and damaged()
move(wall)
own_limits()
recover(m, ARGV[1], broken)
install()
take(20)
opens()
close_draw()
expire()
age()
if r.release == 1 then release() end
number()
drain()
if r.open == 1 and r.calls == 1 and r.rate > 0 and running() >= r.restoring and (settled() or not draws()) then call() end
r.call = math.min(r.call, burst(r.rate))
r.seq = r.seq + 1
save_counters()
leave_room('seq', 'refunded', 'stamp', 'admitted', 'ended', 'restoring', 'unseen', 'seen', 'marked', 'aging', 'gather_from', 'gather_till',
  'drawn', 'offset')

if r.seq % 240 == 1 then -- about once a minute: each EXPIRE goes to the append-only file
  for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, KEEP) end
end

local page, cursor, more, ended = tonumber(ARGV[3]), ARGV[2], 0, {}
if m.generation ~= OFF and m.generation ~= r.generation then cursor = '' end -- it is of another life
local from = cursor == '' and '-' or '(' .. cursor
for i, entry in ipairs(redis.call('XRANGE', ENDED, from, '+', 'COUNT', page + 1)) do
  if i > page then
    more = 1
  else
    ended[2 * i - 1], ended[2 * i], cursor = tonumber(entry[2][2]), entry[2][4], entry[1]
  end
end
local function told(t) return running() < t and r.wall + t - running() or 0 end
local unseen = running() < r.expected and math.max(0, r.unseen - r.seen) or 0
local reply = {r.generation, r.roots, r.begun, r.seq, r.version, r.b_version, r.b_rate, r.b_cap, r.down, r.stood, wall, told(r.restoring), told(math.max(r.settle_till, r.gather_till, r.restoring)),
  r.drawn, settled() and 1 or 0, r.offset, redis.call('ZCARD', ARRIVED), redis.call('ZCARD', CALLED),
  redis.call('ZCOUNT', CALLED, BASE, '+inf'), redis.call('ZCARD', LATE), redis.call('ZCARD', LAPSED),
  redis.call('ZCARD', ACTIVE), r.admitted, unseen, more, cursor, ended}
for i = 1, r.lines do
  reply[#reply + 1] = {r['name:' .. i], r['issued:' .. i], r['serving:' .. i], r['order:' .. i], r['lapsed:' .. i],
    redis.call('ZCARD', line_key(i)) + drawn_waiting(i), redis.call('ZCARD', drawn_key(i))}
end
return reply
