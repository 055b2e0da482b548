#!lua flags=allow-oom
-- Stores or deletes one event's document if nobody has written meanwhile.
-- It may run when memory is full: that is when a room has to be paused.
--
-- KEYS  1 documents (hash)  2 revision (number)  3 the event's log (stream)
-- ARGV  1 revision the change was decided on
--       2 event id
--       3 document as JSON; empty deletes
--       4 log entry as JSON
--       5 entries that the log keeps at least
--       6 how long the log of a deleted event stays, ms
--       7 how far the revision moves
-- Returns 1 if written, 0 if the revision has moved on (nothing was changed)

if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[1] then
  return 0
end
redis.call('INCRBY', KEYS[2], ARGV[7])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[5], '*', 'entry', ARGV[4])
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[3], ARGV[6])
else
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
  redis.call('PERSIST', KEYS[3])
end
return 1
