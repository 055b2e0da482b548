#!lua flags=allow-oom
-- Stores the documents of one step if nobody has written meanwhile.
-- It may run when memory is full: that is when a room has to be paused.
--
-- KEYS  1 documents and revision (hash)  2... the log of each changed event (stream)
-- ARGV  1 revision that the step was decided on
--       2 what it becomes
--       3 the field of the revision
--       4 entries that a log keeps at least
--       5 how long the log of a deleted event stays, ms
--       then for each changed event: its id, document as JSON, log entry as JSON,
--       1 if it is deleted, else 0
--       then ids whose documents are removed
-- Returns 1 if written, 0 if the revision has moved on (nothing was changed)

if (redis.call('HGET', KEYS[1], ARGV[3]) or '0') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[2])
local at = 6
for i = 2, #KEYS do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
  redis.call('XADD', KEYS[i], 'MAXLEN', '~', ARGV[4], '*', 'entry', ARGV[at + 2])
  if ARGV[at + 3] == '1' then
    redis.call('PEXPIRE', KEYS[i], ARGV[5])
  else
    redis.call('PERSIST', KEYS[i])
  end
  at = at + 4
end
for i = at, #ARGV do
  redis.call('HDEL', KEYS[1], ARGV[i])
end
return 1
