package loadtest

import "time"

// clock counts microseconds since 1970 without ever being set: it reads the
// wall clock once, so spans stay honest when NTP moves it, and agrees with the
// store's times as long as both live on one machine.
type clock struct{ started time.Time }

func newClock() clock { return clock{time.Now()} }

func (c clock) now() int64 { return c.started.UnixMicro() + time.Since(c.started).Microseconds() }
