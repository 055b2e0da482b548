package pricing

import (
	"fmt"
	"time"
)

// Notice is how long before the start of the sale prices must stand: who has to
// decide whether to come can do so in a day.
const Notice = 24 * time.Hour

// Late says why rules that come into force at now were not announced in time for
// a sale that starts at start; empty if they were. A sale without a start is
// always on.
func Late(now, start time.Time) string {
	switch notice := start.Sub(now); {
	case start.IsZero():
		return "the sale is on: prices are to be known 24h before it starts"
	case notice <= 0:
		return fmt.Sprintf("the sale has been on since %s: prices are to be known 24h before it starts", start.Format(time.RFC3339))
	case notice < Notice:
		return fmt.Sprintf("the sale starts in %v: prices are to be known 24h before", notice.Round(time.Second))
	}
	return ""
}
