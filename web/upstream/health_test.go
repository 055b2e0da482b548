package upstream

import (
	"testing"
	"time"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

func TestHealthFollowsWhatHappens(t *testing.T) {
	c := Check{Path: "/health", Interval: 30 * time.Second, Retry: 2 * time.Second, Bad: 3, Good: 2, WarmUp: 3}
	e := Ejection{Time: 10 * time.Second, Longest: 25 * time.Second}
	const good, bad = Cause(""), CheckStatus
	type event struct {
		check *Cause
		eject bool
		after time.Duration
	}
	check := func(results ...Cause) (events []event) {
		for _, r := range results {
			events = append(events, event{check: &r})
		}
		return events
	}
	then := func(parts ...[]event) (all []event) {
		for _, part := range parts {
			all = append(all, part...)
		}
		return all
	}
	ejected := []event{{eject: true}}
	after := func(d time.Duration) []event { return []event{{after: d}} }
	for _, tt := range []struct {
		says  string
		path  string
		story []event
		state State
		cause Cause
		pause time.Duration
	}{
		{"a new instance gets no request before its warm-up", "/health", nil, Warming, Named, 2 * time.Second},
		{"it is asked again at once while it answers", "/health", check(good, good), Warming, Named, 0},
		{"it is ready once it has answered them all", "/health", check(good, good, good), Ready, ChecksPassed, 30 * time.Second},
		{"a failure begins the warm-up anew", "/health", check(good, good, bad, good, good), Warming, Named, 0},
		{"who never gets warm is unhealthy", "/health", check(bad, bad, bad), Unhealthy, CheckStatus, 2 * time.Second},
		{"one bad check is looked into soon", "/health", check(good, good, good, bad), Ready, ChecksPassed, 2 * time.Second},
		{"two are not three", "/health", check(good, good, good, bad, bad, good, bad, bad), Ready, ChecksPassed, 2 * time.Second},
		{"three bad checks make it unhealthy, with the last reason", "/health", check(good, good, good, bad, bad, CheckTimeout), Unhealthy, CheckTimeout, 2 * time.Second},
		{"one good check is not enough to come back", "/health", check(bad, bad, bad, good), Unhealthy, CheckStatus, 2 * time.Second},
		{"two are", "/health", check(bad, bad, bad, good, good), Ready, ChecksPassed, 30 * time.Second},
		{"who is ejected rests", "/health", then(check(good, good, good), ejected, after(9*time.Second)), Ejected, FailuresInARow, 30 * time.Second},
		{"checks don't shorten that", "/health", then(check(good, good, good), ejected, check(good, good, good)), Ejected, FailuresInARow, 30 * time.Second},
		{"afterwards it has to warm up again", "/health", then(check(good, good, good), ejected, after(10*time.Second)), Warming, EjectionOver, 2 * time.Second},
		{"and is ready", "/health", then(check(good, good, good), ejected, after(10*time.Second), check(good, good, good)), Ready, ChecksPassed, 30 * time.Second},
		{"the second ejection is twice as long", "/health", then(check(good, good, good), ejected, after(10*time.Second), check(good, good, good), ejected, after(19*time.Second)), Ejected, FailuresInARow, 30 * time.Second},
		{"none is longer than the longest", "/health", then(ejected, after(10*time.Second), ejected, after(20*time.Second), ejected, after(25*time.Second)), Warming, EjectionOver, 2 * time.Second},
		{"after a long good time it counts as the first", "/health", then(ejected, after(10*time.Second), check(good, good, good), after(51*time.Second), ejected, after(10*time.Second)), Warming, EjectionOver, 2 * time.Second},
		{"without checks an instance is taken as well", "", nil, Ready, Unchecked, 30 * time.Second},
		{"and is back as soon as it has rested", "", then(ejected, after(10*time.Second)), Ready, EjectionOver, 30 * time.Second},
	} {
		c := c
		c.Path = tt.path
		now := noon
		h := newHealth(c, false, now)
		for _, event := range tt.story {
			now = now.Add(event.after)
			switch {
			case event.eject:
				h = h.eject(FailuresInARow, e, now)
			case event.check != nil:
				h = h.hear(*event.check, c, now)
			default:
				h = h.pass(c, now)
			}
		}
		if h.state != tt.state || h.cause != tt.cause || h.pause(c) != tt.pause {
			t.Errorf("%s: %s (%s), next check in %v; want %s (%s), %v", tt.says, h.state, h.cause, h.pause(c), tt.state, tt.cause, tt.pause)
		}
	}
}

func TestSlowStart(t *testing.T) {
	for _, tt := range []struct {
		says   string
		before bool
		start  time.Duration
		after  time.Duration
		want   float64
	}{
		{"a new one begins with a tenth", false, 30 * time.Second, 0, 0.1},
		{"has half at half time", false, 30 * time.Second, 15 * time.Second, 0.5},
		{"and all of it in the end", false, 30 * time.Second, time.Minute, 1},
		{"one that was there before the gateway has it at once", true, 30 * time.Second, 0, 1},
		{"where none is wanted there is none", false, -1, 0, 1},
	} {
		h := newHealth(Check{}, tt.before, noon)
		if got := h.share(tt.start, noon.Add(tt.after)); got != tt.want {
			t.Errorf("%s: share = %v; want %v", tt.says, got, tt.want)
		}
	}
}

func TestVerdictOnVisitorsRequests(t *testing.T) {
	e := Ejection{InARow: 5, Share: 0.4, Requests: 20}
	for _, tt := range []struct {
		says string
		row  int
		ends [outcomes]int64
		want Cause
	}{
		{"four failures in a row may be chance", 4, [outcomes]int64{broken: 4}, ""},
		{"five are not", 5, [outcomes]int64{broken: 5}, FailuresInARow},
		{"half of many fail", 1, [outcomes]int64{answered: 10, erred: 10}, FailureShare},
		{"timeouts are failures, too", 1, [outcomes]int64{answered: 12, timedOut: 8}, FailureShare},
		{"a third fails: it is no worse than useful", 1, [outcomes]int64{answered: 14, erred: 7}, ""},
		{"half of few fail: that tells nothing", 1, [outcomes]int64{answered: 9, erred: 9}, ""},
		{"visitors who leave are no failures", 0, [outcomes]int64{answered: 20, visitorGone: 80}, ""},
	} {
		if got := e.verdict(tt.row, &tally{ends: tt.ends}); got != tt.want {
			t.Errorf("%s: verdict = %q; want %q", tt.says, got, tt.want)
		}
	}
	e.InARow = -1
	if got := e.verdict(100, &tally{ends: [outcomes]int64{broken: 100}}); got != "" {
		t.Errorf("switched off: verdict = %q; want none", got)
	}
}

func TestOnlySoManyAreEjectedAtOnce(t *testing.T) {
	for _, tt := range []struct {
		says           string
		ejected, ready int
		draining       int
		want           bool
	}{
		{"the only one stays", 0, 1, 0, false},
		{"one of two may go", 0, 2, 0, true},
		{"not both", 1, 1, 0, false},
		{"one of three", 0, 3, 0, true},
		{"not two of three", 1, 2, 0, false},
		{"two of four", 1, 3, 0, true},
		{"who drains is not counted", 1, 2, 1, false},
	} {
		var members []*instance
		for range tt.ejected {
			members = append(members, &instance{health: health{state: Ejected}})
		}
		for range tt.ready {
			members = append(members, &instance{health: health{state: Ready}})
		}
		for range tt.draining {
			members = append(members, &instance{drain: drain{cause: ByOperator}})
		}
		if got := (Ejection{Most: 0.5}).room(members); got != tt.want {
			t.Errorf("%s: room = %v; want %v", tt.says, got, tt.want)
		}
	}
}
