package simulate

import (
	"math"
	"time"

	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
)

// measure is what a scenario is watched for.
type measure struct {
	settled int // whose wait is over, however
	counts  Counts
	waits   histogram
	peaks   Peaks
	course  course

	second struct{ joins, claims int }
	last   queue.Snapshot
}

// Counts are visitors by what became of them.
type Counts struct {
	Admitted int `json:"admitted"`
	Direct   int `json:"direct"` // of the admitted: nobody waited, so neither did they
	Left     int `json:"left"`
	NoShow   int `json:"no_show"`
	Missed   int `json:"missed"`  // turns gone for good; those visitors joined again
	Waiting  int `json:"waiting"` // when the simulation ended
	LastTick int `json:"-"`       // of an admission
}

// Peaks are the highest figures of a scenario; rates are per second.
type Peaks struct {
	Waiting    int64   `json:"waiting"`
	Active     int64   `json:"active"`
	Polls      float64 `json:"polls_per_second"`
	Joins      int     `json:"joins_per_second"`
	Cores      float64 `json:"gateway_cores"`
	RedisBytes int64   `json:"redis_bytes"`
}

func (m *measure) joins(n int) { m.second.joins += n }
func (m *measure) straightIn() { m.counts.Direct++ }
func (m *measure) missed()     { m.counts.Missed++ }
func (m *measure) left()       { m.counts.Left++; m.settled++ }
func (m *measure) neverCame()  { m.counts.NoShow++; m.settled++ }
func (m *measure) waited(ticks int) {
	m.waits.add(ticks)
	m.counts.Admitted++
	m.second.claims++
	m.settled++
}

// Bytes that Redis needs for each visitor in a line, as measured with a million
// of them on redis-server 7.0, and for each session: a place in a sorted set, and
// twice that for the record beside it, which is an estimate.
const (
	bytesPerPlace   = 110
	bytesPerSession = 330
)

// observe takes in a tick; once a second it reckons the load.
func (m *measure) observe(p Plan, tick int, s queue.Snapshot, lines []*line) {
	if m.last.Admitted < s.Admitted {
		m.counts.LastTick = tick
	}
	m.last = s
	at := int64(tick) * Tick.Milliseconds()
	for i, l := range lines {
		l.pace.meter = l.pace.meter.Observe(at, s.Lines[i].Serving, s.Lines[i].Waiting > 0)
	}
	m.peaks.Waiting = max(m.peaks.Waiting, s.Waiting())
	m.peaks.Active = max(m.peaks.Active, s.Active)
	m.peaks.RedisBytes = max(m.peaks.RedisBytes, (s.Waiting()+s.Called+s.Lapsed)*bytesPerPlace+s.Active*bytesPerSession)
	if tick%int(time.Second/Tick) != 0 {
		return
	}
	polls := m.polls(p, s, lines)
	m.peaks.Polls = max(m.peaks.Polls, polls)
	m.peaks.Joins = max(m.peaks.Joins, m.second.joins)
	m.peaks.Cores = max(m.peaks.Cores, p.Gateway.cores(polls, m.second.joins, m.second.claims))
	m.course.add(Moment{
		At: float64(tick) * Tick.Seconds(), Waiting: float64(s.Waiting()), Active: float64(s.Active),
		Admitted: float64(m.second.claims) * 60, Polls: polls,
	})
	m.second.joins, m.second.claims = 0, 0
}

// cores is how many would be fully busy.
func (g Gateway) cores(polls float64, joins, claims int) float64 {
	return polls*g.PollCPU.Seconds() + float64(joins)*g.JoinCPU.Seconds() + float64(claims)*g.ClaimCPU.Seconds()
}

// polls is how many ask within a second: those in the line as [room.AskAgain]
// has it at their distance, those called, late or at the door every second.
func (m *measure) polls(p Plan, s queue.Snapshot, lines []*line) float64 {
	present := 1 - p.Behaviour.NoShow
	seen, hidden := present*(1-p.Behaviour.Hidden), present*p.Behaviour.Hidden
	soon := float64(s.Late + s.AtDoor)
	total := soon
	for i, l := range lines {
		view := s.Lines[i]
		prior := l.pace.prior(p, s, i)
		total += seen*askPerSecond(view.Waiting, func(ahead int64) time.Duration {
			p50, p90, ok := l.pace.meter.Wait(ahead, prior)
			return room.AskAgain(room.Wait{Known: ok, P50: p50, P90: p90}, ahead)
		}) + hidden*float64(view.Waiting)/hiddenPoll.Seconds()
	}
	return total
}

// askPerSecond sums 1/interval over a line, by trapezoids that are finer near
// the front, where the interval changes.
func askPerSecond(n int64, interval func(ahead int64) time.Duration) float64 {
	const steps = 48
	var sum, before, rateBefore float64
	for i := range steps + 1 {
		part := float64(i) / steps
		ahead := math.Floor(float64(n) * part * part * part)
		rate := 1 / interval(int64(ahead)).Seconds()
		sum += (ahead - before) * (rate + rateBefore) / 2
		before, rateBefore = ahead, rate
	}
	return sum
}

// pace is how fast a line moves, as gateways measure it.
type pace struct{ meter queue.Meter }

// watched is a pace of which nothing is known, watched from a moment on.
func watched(from time.Duration) pace {
	return pace{queue.Meter{}.Observe(from.Milliseconds(), 0, false)}
}

// prior is what line i can expect of the rate while the lines that wait now go
// on waiting.
func (pace) prior(p Plan, s queue.Snapshot, i int) queue.Rate {
	own, all := p.Room.Lines[i].Weight, 0
	for k, l := range p.Room.Lines {
		if k == i || s.Lines[k].Waiting > 0 {
			all += l.Weight
		}
	}
	return queue.PerMinute(int64(p.Room.NewUsersPerMinute)) * queue.Rate(own) / queue.Rate(all)
}

// histogram counts waits in ticks.
type histogram []int

func (h *histogram) add(ticks int) {
	for ticks >= len(*h) {
		*h = append(*h, 0)
	}
	(*h)[ticks]++
}

// quantile is the nearest-rank quantile in seconds.
func (h histogram) quantile(q float64) float64 {
	var n int
	for _, count := range h {
		n += count
	}
	rank, seen := max(1, int(math.Ceil(q*float64(n)))), 0
	for ticks, count := range h {
		if seen += count; seen >= rank {
			return float64(ticks) * Tick.Seconds()
		}
	}
	return 0
}
