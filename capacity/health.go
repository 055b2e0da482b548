package capacity

import "time"

// Full is the factor of a pool in good health. Factors and shares are in
// thousandths.
const Full = 1000

// How the factor moves: additive increase, multiplicative decrease, the one pair of
// rules under which independent measurements of a shared resource settle at a
// fair and stable use of it (Chiu and Jain, "Analysis of the Increase and Decrease
// Algorithms for Congestion Avoidance in Computer Networks", 1989).
const (
	// Floor is the least factor: somebody must go in, or nobody would notice that the
	// pool is well again.
	Floor = 50
	// Up to the knee, which is what one cut leaves where the last trouble began, the
	// factor rises by a fiftieth each second; from there on slowly: what is ordered
	// shows only when sessions have gathered, and who hurries finds the limit by going
	// far beyond it. CUBIC comes back to where it lost in the same way (RFC 9438,
	// section 4.1). Other instances are another pool, which has no knee yet. From the floor to the knee it takes half a minute, from there to
	// full two and a half.
	risePerSecond  = 20
	probePerSecond = 2
	// Trouble that has become less by a tenth since the last look is about to end:
	// sessions that cause it go home. It is no reason for another cut.
	easing = 900
	// A cut keeps seven tenths, as CUBIC's does (RFC 9438, section 4.6); where the pool
	// fails it keeps less.
	keepOnCut   = 700
	keepOnCrash = 400
	crash       = 4000 // of trouble: a fifth of the requests, or four times the target
	// CutEvery is the least time between two cuts, unless things get twice as bad, and
	// from a cut to a rise: the window of the measurements, so that one bad moment is not
	// paid for many times.
	CutEvery = Window
	// Window is how far back measurements reach, or somewhat less.
	Window = 10 * time.Second

	leastRequests = 20 // fewer prove nothing
	badShare      = 50 // failed requests that call for a cut
	fairShare     = 20 // above it the factor stays where it is
	longestStep   = 3000
)

// The p95 that is still well, where the operator has set none, is slackTimes the
// pool's own in quiet times. The idea of a baseline that the service itself sets is
// that of Envoy's gradient controller and Netflix's concurrency-limits; the slack is
// wider than theirs, because a p95 is noisier than their samples.
const (
	slackTimes = 3
	// LeastTarget: up to a second nobody's train of thought is broken (Nielsen,
	// "Usability Engineering", 1993, chapter 5), so no shop is slow below it.
	LeastTarget = time.Second
	// MostTarget: a shop that needs longer than this at its best needs a target of its
	// own. It is also the target until a baseline is known.
	MostTarget = 5 * time.Second
	// The baseline falls to a lower p95 within seconds and rises to a higher one in
	// half an hour: else a shop that slowly drowns would be taken for a slow shop. At
	// the floor it rises fast, because what is slow when hardly anybody comes is not
	// slow for want of capacity; Envoy measures anew in the same case.
	easeDown = 8
	easeUp   = 2048
)

// Condition says how a pool does, as its requests show.
type Condition string

const (
	Unproven Condition = "unproven" // too few requests to tell
	Fine     Condition = "fine"
	Strained Condition = "strained" // neither good enough for more, nor bad enough for less
	Slow     Condition = "slow"
	Failing  Condition = "failing"
)

// Conditions are all of them.
var Conditions = []Condition{Unproven, Fine, Strained, Slow, Failing}

// Load is what all gateways together measured of a pool.
type Load struct {
	Requests, Failed int64
	P95              time.Duration
}

// Health is what is remembered from second to second.
type Health struct {
	Factor int64         `json:"factor"` // Floor to Full
	At     int64         `json:"at"`     // of the last step, unix ms by the store's clock
	Rest   int64         `json:"rest"`   // until when it stays as it is
	Base   time.Duration `json:"base"`   // the p95 of quiet times; 0: not known

	Knee    int64 `json:"knee"`    // from where on it rises slowly; 0: nowhere
	Trouble int64 `json:"trouble"` // how bad it was when last looked at; 0: all is well
}

// Target is the p95 above which the pool is slow.
func (h Health) Target(p Policy) time.Duration {
	switch {
	case p.Target > 0:
		return p.Target
	case h.Base == 0:
		return MostTarget
	}
	return min(max(slackTimes*h.Base, LeastTarget), MostTarget)
}

// Step is the health at now, unix ms, after the load of the last seconds.
func (h Health) Step(l Load, p Policy, now int64) (Health, Condition) {
	passed := min(max(now-h.At, 0), longestStep)
	h.At = now
	h.Rest = min(h.Rest, now+Window.Milliseconds()) // a clock that fell back
	condition := l.condition(h.Target(p))
	bad := condition == Slow || condition == Failing
	switch {
	case now < h.Rest && !(bad && h.worse(l.trouble(h.Target(p)))):
	case bad:
		h.cut(l, h.Target(p))
		h.Rest = now + CutEvery.Milliseconds()
	case condition == Fine || condition == Unproven:
		h.Trouble = 0
		h.Factor = h.risen(passed)
	}
	switch {
	case condition == Fine:
		h.learn(l.P95, easeUp)
	case h.Factor == Floor && (condition == Slow || condition == Strained):
		h.learn(l.P95, easeDown)
	}
	return h, condition
}

// cut lowers the factor, unless things get better already.
func (h *Health) cut(l Load, target time.Duration) {
	trouble := l.trouble(target)
	switch {
	case h.Trouble == 0:
		h.Knee = max(Floor, h.Factor*keepOnCut/1000)
	case trouble <= h.Trouble*easing/1000:
		h.Trouble = trouble
		return
	}
	h.Trouble = trouble
	h.Factor = max(Floor, h.Factor*keep(trouble)/1000)
}

// worse says that it has become twice as bad since it was last looked at.
func (h Health) worse(trouble int64) bool { return h.Trouble > 0 && trouble >= 2*h.Trouble }

// keep is what a cut leaves, in thousandths.
func keep(trouble int64) int64 {
	if trouble >= crash {
		return keepOnCrash
	}
	return keepOnCut
}

// risen is the factor after so many ms of rising.
func (h Health) risen(passed int64) int64 {
	quick := Full - h.Factor
	if h.Knee > 0 {
		quick = max(0, h.Knee-h.Factor)
	}
	quick = min(quick, (risePerSecond*passed+500)/1000)
	if quick > 0 {
		return min(Full, h.Factor+quick)
	}
	return min(Full, h.Factor+(probePerSecond*passed+500)/1000)
}

// pause is the health when instances are gone: what failed with them says nothing of
// those that stay or come back. While some stay, a rest that is under way is not made
// longer, or a pool whose instances come and go would never be judged.
func (h Health) pause(now int64, down bool) Health {
	if h.At = now; down || now >= h.Rest {
		h.Rest = now + Window.Milliseconds()
	}
	return h.anew()
}

// anew forgets where trouble began: it was another number of instances that was in
// trouble there.
func (h Health) anew() Health {
	h.Knee = 0
	return h
}

func (l Load) share() int64 { return l.Failed * 1000 / max(1, l.Requests) }

func (l Load) condition(target time.Duration) Condition {
	switch share := l.share(); {
	case l.Requests < leastRequests:
		return Unproven
	case share > badShare:
		return Failing
	case l.P95 > target:
		return Slow
	case share > fairShare || l.P95 > target*4/5:
		return Strained
	}
	return Fine
}

// trouble is how bad it is: times the failures, or the time, that still are no
// trouble, in thousandths.
func (l Load) trouble(target time.Duration) int64 {
	return max(l.share()*1000/badShare, int64(l.P95)/max(1, int64(target)/1000))
}

func (h *Health) learn(p95 time.Duration, up time.Duration) {
	switch {
	case p95 <= 0:
	case h.Base == 0:
		h.Base = p95
	case p95 < h.Base:
		h.Base -= (h.Base - p95 + easeDown - 1) / easeDown
	default:
		h.Base += (p95 - h.Base) / up
	}
}
