package webhook

import (
	"net/http"
	"strconv"
	"time"
)

const (
	attempts  = 4
	firstWait = 250 * time.Millisecond
	mostWait  = 5 * time.Second // that a Retry-After is waited for; the step has ten in all

	never = time.Duration(-1)
)

// backoff doubles, half of it by chance.
func backoff(attempt int, chance float64) time.Duration {
	most := firstWait << (attempt - 1)
	return most/2 + time.Duration(chance*float64(most/2))
}

// waitAfter says how long an answer that is no success asks to wait; never for
// those that would come again.
func waitAfter(answer *http.Response, now time.Time) time.Duration {
	switch code := answer.StatusCode; {
	case code == http.StatusRequestTimeout, code == http.StatusConflict, code == http.StatusTooEarly,
		code == http.StatusTooManyRequests, code >= http.StatusInternalServerError && code != http.StatusNotImplemented:
	default:
		return never
	}
	asked := answer.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(asked); err == nil && seconds > 0 {
		return min(time.Duration(seconds)*time.Second, mostWait)
	}
	if at, err := http.ParseTime(asked); err == nil {
		return min(max(at.Sub(now), 0), mostWait)
	}
	return 0
}
