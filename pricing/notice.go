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

// Missed says why rules that were approved in time are not announced in time any
// more, as the start was moved since; empty: they are.
func Missed(approved, start time.Time) string {
	known := "the rules are known since " + approved.UTC().Format(time.RFC3339)
	switch {
	case start.IsZero():
		return "the start was taken away after the approval: the sale is on, and " + known
	case start.Sub(approved) < Notice:
		return "the start was moved after the approval, to " + start.UTC().Format(time.RFC3339) + ": " + known + ", less than 24h before"
	}
	return ""
}
