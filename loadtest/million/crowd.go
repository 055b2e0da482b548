package main

import (
	"container/heap"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// maxVisitors fit into the ids that sightings carry.
const maxVisitors = 16_000_000

// visitor is all that is kept of a person who waits. There are a million of them,
// so it holds no pointer and no browser: the pass is the place.
type visitor struct {
	sent, took uint32 // of the join, in microseconds since the opening
	number     uint32 // 0: has no place
	polls      uint8
	state      state
	passLength uint8
	pass       [maxPass]byte // name=value, as it goes into Cookie
}

type state uint8

const (
	newcomer state = iota
	waiting
	admitted
	lost // had a place that a gateway no longer knew
	gone // the first request failed: whether there is a place nobody knows
)

// sighting is one answer that told somebody to wait.
type sighting struct {
	visitor               uint32
	sent, took, late      uint32 // microseconds; late: after the moment the gateway had named
	number, serving, away uint32 // away: people ahead
	gateway               uint8
}

// entry is one admission.
type entry struct {
	visitor    uint32
	direct     bool
	turn       [2]uint32 // learned of; sent and answered, 0 if never
	sent, took uint32
	session    string
	ends       int64     // unix seconds
	away       [2]uint32 // told to wait, admission in hand
	left       [2]uint32
}

const (
	// leastPolls is how often everybody asks for their place.
	leastPolls = 2
	// patient is how many numbers beyond those to be let in go on asking after that.
	patient = 1.5
)

// crowd is a million people on a bounded number of connections.
type crowd struct {
	options
	gateways []string
	opened   time.Time
	visitors []visitor
	workers  []*worker

	joins, polls, entered, failures atomic.Int64
	steps                           atomic.Int64 // joins, and the polls that everybody owes, made or waived
}

func newCrowd(o options, gateways []string) *crowd {
	return &crowd{options: o, gateways: gateways, visitors: make([]visitor, o.visitors)}
}

// worker plays every n-th visitor, over one connection to each gateway, one
// request after the other.
type worker struct {
	*crowd
	first, step int
	next        int // who joins next
	due         agenda
	lines       []*line
	turn        int // which gateway is asked next
	seen        []sighting
	entries     []entry
	failure     string // an example
}

// send lets everybody join and ask, and returns when all have, and enough were let in.
func (c *crowd) send(ctx context.Context, out io.Writer) (time.Duration, error) {
	_, _ = fmt.Fprintf(out, "%d visitors of %d bytes each, a sighting is %d; %d connections\n",
		c.options.visitors, unsafe.Sizeof(visitor{}), unsafe.Sizeof(sighting{}), c.connections)
	c.opened = time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all, progress sync.WaitGroup
	workers := c.connections / len(c.gateways)
	for i := range workers {
		w := &worker{crowd: c, first: i, next: i, step: workers, turn: i}
		for _, address := range c.gateways {
			w.lines = append(w.lines, newLine(address))
		}
		c.workers = append(c.workers, w)
		all.Go(func() { w.play(ctx) })
	}
	progress.Go(func() { c.tell(ctx, out) })
	all.Wait()
	took := time.Since(c.opened)
	gaveUp := context.Cause(ctx)
	cancel()
	progress.Wait()
	if gaveUp != nil {
		return took, fmt.Errorf("after %d joins, %d polls and %d admissions: %w", c.joins.Load(), c.polls.Load(), c.entered.Load(), gaveUp)
	}
	return took, nil
}

// enough says that the crowd has done what it came for.
func (c *crowd) enough() bool {
	return c.steps.Load() >= c.allSteps() && c.entered.Load() >= int64(c.admit)
}

func (c *crowd) allSteps() int64 { return int64(len(c.visitors)) * (1 + leastPolls) }

// us is now, in microseconds since the opening.
func (c *crowd) us() uint32 { return uint32(time.Since(c.opened).Microseconds()) } //nolint:gosec // an hour fits

// play asks for whoever is due, and lets the next one join when nobody is.
func (w *worker) play(ctx context.Context) {
	defer func() {
		for _, l := range w.lines {
			l.hangUp()
		}
	}()
	for ctx.Err() == nil && !w.enough() {
		switch {
		case len(w.due) > 0 && w.due[0].at <= w.us():
			w.ask(heap.Pop(&w.due).(appointment))
		case w.next < len(w.visitors):
			w.join(w.next)
			w.next += w.step
		case len(w.due) > 0:
			pause(ctx, time.Duration(w.due[0].at-min(w.due[0].at, w.us()))*time.Microsecond)
		default:
			pause(ctx, time.Second)
		}
	}
}

// pause returns after a second at most, so that the end is noticed.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(min(d, time.Second))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (w *worker) join(i int) {
	v := &w.visitors[i]
	a, ok := w.exchange(post, "join", nil)
	v.sent, v.took = a.sent, a.took
	w.joins.Add(1)
	w.steps.Add(1)
	v.state = gone
	switch {
	case !ok:
		w.waive(v)
	case a.admission.session != "":
		w.enter(i, a, entry{direct: true})
		w.waive(v)
	case a.place.number > 0 && len(a.cookie) > 0 && len(a.cookie) <= maxPass:
		v.number, v.state = a.place.number, waiting
		v.passLength = uint8(copy(v.pass[:], a.cookie)) //nolint:gosec // maxPass
		w.later(i, a)
	default:
		w.fail("join: " + a.text())
		w.waive(v)
	}
}

// ask asks for one visitor's place, and claims a turn that has come.
func (w *worker) ask(due appointment) {
	i := int(due.who)
	v := &w.visitors[i]
	a, ok := w.exchange(get, "status", v.pass[:v.passLength])
	w.polls.Add(1)
	if v.polls < leastPolls {
		v.polls++
		w.steps.Add(1)
	}
	switch {
	case !ok:
		a.place.retryMS = 1000
	case a.place.state == "waiting":
		w.seen = append(w.seen, sighting{
			visitor: due.who, sent: a.sent, took: a.took, late: a.sent - min(due.at, a.sent),
			number: a.place.number, serving: a.place.serving, away: a.place.ahead, gateway: a.gateway,
		})
	case a.place.state == "turn":
		w.claim(i, a)
		return
	case a.status == http.StatusNotFound:
		v.state = lost
		w.waive(v)
		return
	default:
		w.fail("status: " + a.text())
	}
	if v.polls < leastPolls || float64(v.number) < patient*float64(w.admit) {
		w.later(i, a)
	}
}

// waive counts the polls of a visitor who has nothing more to ask.
func (w *worker) waive(v *visitor) {
	w.steps.Add(leastPolls - int64(v.polls))
	v.polls = leastPolls
}

func (w *worker) claim(i int, told answer) {
	v := &w.visitors[i]
	a, ok := w.exchange(post, "claim", v.pass[:v.passLength])
	if ok && a.admission.session != "" {
		w.enter(i, a, entry{turn: [2]uint32{told.sent, told.sent + told.took}})
		w.waive(v)
		return
	}
	if ok && a.status != http.StatusTooManyRequests && a.status != http.StatusConflict {
		w.fail("claim: " + a.text())
	}
	w.later(i, a) // at the door
}

// enter looks at a page of the shop, and leaves.
func (w *worker) enter(i int, a answer, e entry) {
	w.visitors[i].state = admitted
	e.visitor, e.sent, e.took, e.session, e.ends = uint32(i), a.sent, a.took, a.admission.session, a.admission.ends //nolint:gosec // maxVisitors
	w.entered.Add(1)
	cookie := append([]byte(nil), a.cookie...)
	if page, ok := w.exchange(shop, visitorName(i), cookie); ok && page.waits {
		e.away = [2]uint32{page.sent, page.sent + page.took}
	} else if ok && page.status != http.StatusOK {
		w.fail("shop: " + page.text())
	}
	if left, ok := w.exchange(post, "leave", cookie); ok {
		e.left = [2]uint32{left.sent, left.sent + left.took}
	}
	w.entries = append(w.entries, e)
}

// later notes when the gateway wants to be asked again.
func (w *worker) later(i int, a answer) {
	const least = 200                                                                             // ms: a crowd must not turn into a flood by a missing field
	heap.Push(&w.due, appointment{who: uint32(i), at: w.us() + max(least, a.place.retryMS)*1000}) //nolint:gosec // maxVisitors
}

func (w *worker) fail(what string) {
	w.failures.Add(1)
	w.failure = what
}

// appointment is when somebody asks next.
type appointment struct{ at, who uint32 }

// agenda is a heap: whoever is due first stands in front.
type agenda []appointment

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].at < a[j].at }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)        { *a = append(*a, x.(appointment)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}
