package invariant

import "math"

// Limits is what a history is held against.
type Limits struct {
	// Policies in the order in which they came into force. While a change is
	// under way, and nobody can say which of two policies rules, list the more
	// generous of both.
	Policies []Policy
	// Tick is the time between two ticks, in microseconds.
	Tick int64
	// Lag is how old the snapshot may be from which a gateway answers, and how
	// long it may honour an admission that has ended, in microseconds. 0 for a
	// history that was recorded at the store.
	Lag int64
	// Turn is how long a called visitor may take, in microseconds. Only a history
	// of [Showed] figures needs it, since they do not tell which slots are taken.
	Turn int64
	// Disturbed are the times in which a room may say that it does not work.
	Disturbed []Disturbance
	// Bystander says that whatever was disturbed belonged to another event.
	Bystander bool
	// Weight is the most that a gateway may take; what is 0 is not judged.
	Weight Weight
	// Grace is how long after it lapsed a turn is offered again, in microseconds.
	// With Turn it says when a place may be gone at the earliest; 0: nobody asks.
	Grace int64
}

// Policy is in force from a moment on, until the next one.
type Policy struct {
	From      int64 // µs; the first policy also rules whatever came before
	PerMinute int64 // calls and admissions
	// Burst is how many admissions may come at once. A room whose bucket is filled
	// by ticks may spend what one tick brought just after what it held before, so
	// its burst is the bucket and a tick's worth.
	Burst int64
	Cap   int64 // sessions and turns
	Held  bool  // nobody is called: paused, everybody queued, not open yet
}

// never is later than every moment of a history.
const never = math.MaxInt64

// at is the index of the policy in force at t.
func (l Limits) at(t int64) int {
	i := 0
	for i+1 < len(l.Policies) && l.Policies[i+1].From <= t {
		i++
	}
	return i
}

// until is the moment at which the i-th policy is replaced.
func (l Limits) until(i int) int64 {
	if i+1 < len(l.Policies) {
		return l.Policies[i+1].From
	}
	return never
}

// capWithin is the highest cap that was in force at some moment of the span.
func (l Limits) capWithin(s Span) int64 {
	i := l.at(s.From)
	highest := l.Policies[i].Cap
	for i++; i < len(l.Policies) && l.Policies[i].From <= s.To; i++ {
		highest = max(highest, l.Policies[i].Cap)
	}
	return highest
}
