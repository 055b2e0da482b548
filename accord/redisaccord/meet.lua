#!lua flags=allow-oom
-- Meet: leaves a report and returns the record with all that were heard lately.
--
-- KEYS    1 record, HASH version, data · 2 reports, HASH member -> "ms report"
-- ARGV    1 member · 2 report · 3 1 if there is a report, else 0 · 4 fresh, ms · 5 kept, ms
-- Returns {version, data, now in µs, member, report, member, report, …}
--
-- It must run when Redis is out of memory: a report is small and is replaced.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

if ARGV[3] == '1' then
  redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f ', now) .. ARGV[2])
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
end

local record = redis.call('HMGET', KEYS[1], 'version', 'data')
local reply = {record[1] or '0', record[2] or '', string.format('%.0f', time[1] * 1000000 + time[2])}
local reports = redis.call('HGETALL', KEYS[2])
for i = 1, #reports, 2 do
  local at, told = string.match(reports[i + 1], '^(%d+) (.*)$')
  if at and now - tonumber(at) <= tonumber(ARGV[4]) then
    reply[#reply + 1] = reports[i]
    reply[#reply + 1] = told
  else
    redis.call('HDEL', KEYS[2], reports[i])
  end
end
return reply
