#!lua flags=allow-oom
-- Swap: replaces the record if nobody did meanwhile, and notes what was decided.
--
-- KEYS    1 record, HASH version, data · 2 log, STREAM entry
-- ARGV    1 version that is expected · 2 data · 3 cap of the log · 4 kept, ms
--         5 highest version that the caller ever saw · then entries
-- Returns the new version, or '0' if the record has another one
--
-- It must run when Redis is out of memory: what a rush needs is decided then.
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if version ~= tonumber(ARGV[1]) then return '0' end

local time = redis.call('TIME')
local next = string.format('%.0f', math.max(version + 1, ARGV[5] + 1, time[1] * 1000000 + time[2]))
redis.call('HSET', KEYS[1], 'version', next, 'data', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
for i = 6, #ARGV do
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'entry', ARGV[i])
end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return next
