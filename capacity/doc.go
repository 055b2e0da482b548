// Package capacity decides how fast and how full each room may let people in, so
// that the pools behind them can serve everybody who comes.
//
// It is pure: [Decide] takes what gateways agreed on last, what each of them
// reports now, and the time, and says what they agree on next. Any gateway may
// decide, about once a second; package leases carries the words to and fro.
//
//	each gateway: Report{ pools: Measurement, rooms: Room }
//	                  |
//	                  v            median of the gateways
//	          Pool: ready, known <--------------------- instances
//	          Health: factor     <--------------------- p95, 5xx, timeouts
//	                  |
//	   a pool's rate and sessions, split among its events by weight (split.go)
//	                  |
//	          Grant: an order to each room (grant.go)
//	                  |
//	                  v
//	          Budget --> room --> its store puts it in force --> Room in a report
//
// # What an event may do
//
//	rate     = min(new_users_per_minute, ready instances x per-instance rate) x health factor
//	sessions = min(total_active_users, ready instances x sessions per instance)
//
// and no more than its share of each pool that its routes lie on. Where no
// per-instance rate is configured the organizer's rate is meant for all known
// instances, and ready / known of it is what the ready ones can take: 7 of 13
// ready, seven thirteenths of the rate. The factor cuts what is in use, not what a
// pool could do at best: behind a pool much larger than the rate, a cut of the
// latter would be felt only after a minute of cuts.
//
// Health does not touch the sessions. Who is inside has been promised time, and a
// lower cap would throw nobody out: it would only stop the line dead until enough
// sessions had ended, where a lower rate eases off and comes back by degrees.
//
// # What never happens
//
// The sum of what the rooms of a pool have in force never exceeds the pool, whatever
// the delays: see [Grant]. When the pool itself falls, every room is ordered lower at
// once, and until the last has obeyed the sum may be above the new limit, never above
// the old one.
package capacity
