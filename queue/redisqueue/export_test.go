package redisqueue

// WithClock makes a store tell the time from the Redis key test:clock.
func WithClock(s *Store) *Store {
	s.scripts = assemble(`
local function wall_clock() return tonumber(redis.call('GET', 'test:clock')) end
`)
	return s
}
