package catalog

import "time"

// Step is the least by which a write moves the revision, which is also the
// version it gives the event. The number skipped is left to gateways whose file
// is stale: see Record.Stale.
const Step = 2

// versionsBegin is when versions begin to count.
var versionsBegin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// nextVersion is above the revision, and not below the milliseconds since
// versionsBegin, times Step. So versions rise even across a loss that nobody
// notices: a store that begins anew, or a replica that takes over without the
// last writes, goes on above all versions that were given before.
//
// Versions stay whole numbers that a float64 holds for 70,000 years. A clock
// that is wrong costs no more than this property: the revision still rises.
func nextVersion(revision int64, now time.Time) int64 {
	return max(revision+Step, Step*now.Sub(versionsBegin).Milliseconds())
}
