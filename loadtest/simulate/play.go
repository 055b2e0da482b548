package simulate

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/bilten/rushgate/queue"
	"github.com/bilten/rushgate/room"
)

const (
	// Tick is how often gateways tick a room.
	Tick = 250 * time.Millisecond

	// hiddenPoll is how often browsers run the timers of a tab in the background.
	hiddenPoll = time.Minute

	// firstUse is when who went straight in asks for the next page; it ends the
	// probation of the session.
	firstUse = 5 * time.Second

	// horizon ends a scenario that would never end.
	horizon = 7 * 24 * time.Hour

	// opensAfter is how long gateways have watched the room when the first
	// visitor comes. They count in slots of ten seconds, so on average half of one.
	opensAfter = 5 * time.Second

	roomName = "simulated"
)

// progress is how far a visitor has come.
type progress uint8

const (
	absent progress = iota
	waiting
	called
	gone // was admitted, left, or will never come
)

// play is one scenario on its way.
type play struct {
	Plan
	draws
	store *queue.Memory
	rules queue.Policy
	now   time.Time
	tick  int

	arrivals []int // per tick
	arrived  int
	people   people
	agenda   agenda
	lines    []*line
	batch    [whats]batch
	memory   queue.Remembered

	measure
}

// people holds one number per visitor and question.
type people struct {
	state  []progress
	line   []uint8
	order  []int64
	joined []uint32 // tick
}

// line is a line as the visitors see it: who has which number.
type line struct {
	name   string
	who    []uint32 // by number - 1
	called int64
	pace   pace
}

// batch gathers what goes to the store in one call.
type batch struct {
	who    []uint32
	visits []queue.Visit
}

func newPlay(p Plan) *play {
	s := &play{Plan: p, draws: draws(p.Seed), rules: p.Room.policy(), now: time.UnixMilli(0)}
	s.store = queue.NewMemory(func() time.Time { return s.now }, func() uint64 { return 1 })
	n := p.Visitors
	s.arrivals = p.Arrivals.perTick(n, func(i int) float64 { return s.chance(uint32(i), whenComes) })
	s.people = people{make([]progress, n), make([]uint8, n), make([]int64, n), make([]uint32, n)}
	for _, l := range p.Room.Lines {
		s.lines = append(s.lines, &line{name: l.Name, pace: watched(-opensAfter)})
	}
	return s
}

// run plays until everybody's wait is over. It reports now and then.
func (s *play) run(ctx context.Context, report func(at time.Duration, settled int)) error {
	const reportEvery = 1024
	for ; s.settled < s.Visitors && s.elapsed() < horizon; s.tick++ {
		if s.tick%reportEvery == 0 {
			report(s.elapsed(), s.settled)
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if err := s.step(ctx); err != nil {
			return fmt.Errorf("simulated room at %v: %w", s.elapsed(), err)
		}
	}
	return nil
}

func (s *play) elapsed() time.Duration { return time.Duration(s.tick) * Tick }

// step is a quarter of a second: what visitors do, then the room's tick, then
// what visitors learn from it.
func (s *play) step(ctx context.Context) error {
	s.come()
	for _, e := range s.agenda.take(s.tick) {
		s.act(e)
	}
	if s.tick == 0 { // a room exists before its visitors
		if _, err := s.store.Tick(ctx, roomName, s.rules, queue.Budget{}, s.memory); err != nil {
			return err
		}
	}
	for w := range s.batch {
		if err := s.send(ctx, what(w)); err != nil {
			return err
		}
	}
	s.now = s.now.Add(Tick)
	snapshot, err := s.store.Tick(ctx, roomName, s.rules, queue.Budget{}, s.memory)
	if err != nil {
		return err
	}
	s.memory = s.memory.After(snapshot)
	for i, l := range s.lines {
		s.hear(l, snapshot.Lines[i])
	}
	s.measure.observe(s.Plan, s.tick, snapshot, s.lines)
	return nil
}

// come brings this tick's newcomers.
func (s *play) come() {
	if s.tick >= len(s.arrivals) {
		return
	}
	for range s.arrivals[s.tick] {
		who := uint32(s.arrived)
		s.arrived++
		s.people.line[who] = s.choose(s.chance(who, whichLine))
		s.people.joined[who] = uint32(s.tick)
		s.queueUp(joinsAgain, who, 0)
	}
	s.joins(s.arrivals[s.tick])
}

// choose picks a line by the lines' shares.
func (s *play) choose(u float64) uint8 {
	for i, l := range s.Room.Lines {
		if u < l.Share {
			return uint8(i)
		}
		u -= l.Share
	}
	return uint8(len(s.lines) - 1)
}

// act does what was on the agenda, unless it no longer makes sense.
func (s *play) act(e entry) {
	if e.what == givesUp && s.people.state[e.who] != waiting {
		return
	}
	s.queueUp(e.what, e.who, e.session)
}

func (s *play) queueUp(w what, who, session uint32) {
	b := &s.batch[w]
	v := queue.Visit{Line: s.lines[s.people.line[who]].name, Order: s.people.order[who], Session: int64(session), Generation: s.memory.Generation}
	binary.BigEndian.PutUint64(v.Visitor[:], uint64(who)+1)
	b.who, b.visits = append(b.who, who), append(b.visits, v)
}

var ops = [whats]queue.Op{
	claims: queue.Claim, givesUp: queue.Leave, touches: queue.Touch, completes: queue.Complete, joinsAgain: queue.Join,
}

// send brings a batch to the store and each answer to its visitor.
func (s *play) send(ctx context.Context, w what) error {
	b := &s.batch[w]
	if len(b.visits) == 0 {
		return nil
	}
	answers, err := s.store.Apply(ctx, roomName, ops[w], b.visits)
	if err != nil {
		return err
	}
	for i, a := range answers {
		switch w {
		case joinsAgain:
			s.placed(b.who[i], a)
		case claims:
			s.claimed(b.who[i], a)
		case givesUp:
			s.people.state[b.who[i]] = gone
			s.left()
		}
	}
	b.who, b.visits = b.who[:0], b.visits[:0]
	return nil
}

// placed is what follows from the answer to a join.
func (s *play) placed(who uint32, a queue.Answer) {
	if a.State == queue.Active {
		s.straightIn()
		s.admitted(who, a)
		s.agenda.add(s.later(firstUse), entry{who, uint32(a.Session), touches})
		return
	}
	l := s.lines[s.people.line[who]]
	l.who = append(l.who, who)
	s.people.state[who], s.people.order[who] = waiting, a.Order
	if s.Behaviour.ending(s.chance(who, whichEnding)) == leaves {
		after := exponential(s.Behaviour.LeaveAfter, s.chance(who, leavesAfter))
		s.agenda.add(s.later(after), entry{who: who, what: givesUp})
	}
}

// hear tells those whose number has come up.
func (s *play) hear(l *line, now queue.LineView) {
	for ; l.called < now.Serving; l.called++ {
		who := l.who[l.called]
		if s.people.state[who] != waiting {
			continue
		}
		s.people.state[who] = called
		switch ending := s.Behaviour.ending(s.chance(who, whichEnding)); {
		case ending == noShow:
			s.people.state[who] = gone
			s.neverCame()
		case ending == comesLate:
			late := exponential(s.Behaviour.LateAfter, s.chance(who, howLate))
			s.agenda.add(s.later(s.Room.TurnTTL+late), entry{who: who, what: claims})
		default:
			s.agenda.add(s.later(s.notices(who, l)), entry{who: who, what: claims})
		}
	}
}

// notices is how long after the turn has come the visitor's page asks a gateway
// that knows it: one that did not tick itself learns of it up to a tick later.
// Before gateways know the line's pace, pages look at what everybody sees until
// their number is served, and ask for their own place only the next time.
func (s *play) notices(who uint32, l *line) time.Duration {
	every := room.AskAgain(room.Wait{Known: true}, 0)
	if s.chance(who, isHidden) < s.Behaviour.Hidden {
		every = hiddenPoll
	}
	soon := s.chance(who, howSoon)
	if l.pace.meter.PerMinute() == 0 {
		soon++
	}
	return time.Duration(soon*float64(every) + s.chance(who, whichGateway)*float64(Tick))
}

// claimed is what follows from the answer to a claim.
func (s *play) claimed(who uint32, a queue.Answer) {
	switch a.State {
	case queue.Active:
		s.admitted(who, a)
	case queue.Missed:
		s.missed()
		s.people.state[who] = absent
		s.agenda.add(s.later(Tick), entry{who: who, what: joinsAgain})
	case queue.None: // has left
	default: // late, or at the door: the page asks again, and the room decides
		s.agenda.add(s.later(room.AskAgain(room.Wait{Known: true}, a.Ahead)), entry{who: who, what: claims})
	}
}

// admitted begins a visitor's session.
func (s *play) admitted(who uint32, a queue.Answer) {
	s.people.state[who] = gone
	s.waited(s.tick - int(s.people.joined[who]))
	if s.Behaviour.ending(s.chance(who, whichEnding)) == wanders {
		return
	}
	shops := s.Behaviour.Shop.length(s.chance(who, shopsFor))
	half := s.Room.SessionDuration / 2
	for used := half; s.rules.Gates.Renew && used < min(shops, s.Room.SessionMax); used += half {
		s.agenda.add(s.later(used), entry{who, uint32(a.Session), touches})
	}
	s.agenda.add(s.later(min(shops, s.Room.SessionMax)), entry{who, uint32(a.Session), completes})
}

// later is the tick nearest to d from now; never this one.
func (s *play) later(d time.Duration) int { return s.tick + 1 + int((d+Tick/2)/Tick) }
