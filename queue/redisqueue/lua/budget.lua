-- What a room may do by policy and budget together. It stands before tick.lua. In
-- Go: queue/budget.go, which says why.
--
-- The room's rate and cap are the lesser of both, so that every script, and an older
-- gateway, obeys the budget without knowing of it. own_rate and own_cap are the
-- policy's.
local MAX_RATE = 10000000000
local BUDGET_KEEPS = 60000 -- ms that a budget stays in force that no tick brings

-- Sees to a room that an older gateway has made, or has given another policy.
local function own_limits()
  if not r.b_version then
    r.b_version, r.b_rate, r.b_cap, r.told = 0, MAX_RATE, BASE, running()
  end
  if r.ruled ~= r.version then
    r.own_rate, r.own_cap, r.ruled = r.rate, r.cap, r.version
  end
end

-- Puts a budget in force, from ARGV[at] on: version, rate, cap, down.
local function take(at)
  local version, stale = tonumber(ARGV[at]), running() - r.told > BUDGET_KEEPS
  if version > 0 and (version >= r.b_version or stale) then
    r.b_version, r.b_rate, r.b_cap = version, tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    r.down, r.told = tonumber(ARGV[at + 3]), running()
  elseif stale then
    r.b_rate, r.b_cap, r.down = MAX_RATE, BASE, 0
  end
  r.rate = r.down == 1 and 0 or math.min(r.own_rate, r.b_rate)
  r.cap = math.min(r.own_cap, r.b_cap)
  r.call, r.claim = math.min(r.call, burst(r.rate)), math.min(r.claim, burst(r.rate))
  save('rate', 'cap', 'own_rate', 'own_cap', 'ruled', 'b_version', 'b_rate', 'b_cap', 'down', 'stood', 'told')
end
