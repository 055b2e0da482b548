package prescale

import (
	"fmt"
	"math"
	"time"
)

// Direction is what a trigger does to its target.
type Direction string

const (
	ScaleUp   Direction = "scale_up"   // when the reading is above the threshold
	ScaleDown Direction = "scale_down" // when it is below
)

// Trigger scales a named target by what a metric says.
//
// It is on from the moment its reading passes the threshold until it has come
// back by more than Hysteresis; while it is on it acts once each Cooldown.
type Trigger struct {
	Name       string
	Metric     string // one of Metrics, or the name of a query of the operator's own
	Threshold  float64
	Hysteresis float64 // in the metric's unit; 0 or more
	Action     Direction
	Target     string
	Cooldown   time.Duration // of the target: no trigger moves it sooner after any other
	MaxAge     time.Duration // how old a reading may be; 0 means DefaultMaxAge
}

// DefaultMaxAge is four readings of a shell that asks every 15 seconds.
const DefaultMaxAge = time.Minute

// Reading is a metric's value at a moment. NaN and infinities are no values.
type Reading struct {
	Value float64
	At    time.Time
}

// TriggerState is what evaluation remembers; its zero value remembers nothing.
type TriggerState struct {
	On    map[string]bool      `json:"on"`    // by trigger
	Moved map[string]time.Time `json:"moved"` // by target: when it was last scaled
}

// Verdict is what became of one trigger.
type Verdict struct {
	Trigger string        `json:"trigger"`
	Target  string        `json:"target"`
	Action  Direction     `json:"action"`
	Acts    bool          `json:"acts"`
	Reason  VerdictReason `json:"reason"`
	Text    string        `json:"text"`
}

// VerdictReason names why a trigger acts or does not.
type VerdictReason string

const (
	Beyond     VerdictReason = "beyond_threshold" // it acts
	Within     VerdictReason = "within_threshold"
	NoReading  VerdictReason = "no_reading"
	NotANumber VerdictReason = "not_a_number"
	Stale      VerdictReason = "stale"
	FromFuture VerdictReason = "from_the_future" // clocks disagree: as good as no reading
	Cooling    VerdictReason = "cooling_down"
	Outvoted   VerdictReason = "outvoted" // another trigger wants the target bigger, or can't say
)

// maxAhead is how far a reading's clock may be before ours.
const maxAhead = 5 * time.Second

// Evaluate judges every trigger by the readings, by metric, at one moment. It
// changes nothing that it is given.
//
// A reading that is missing, not a number, or too old triggers nothing and
// changes no state. Up beats down: a target is made smaller only if every
// trigger that could make it bigger has a reading and is off.
func Evaluate(triggers []Trigger, state TriggerState, readings map[string]Reading, now time.Time) (TriggerState, []Verdict) {
	next := TriggerState{On: map[string]bool{}, Moved: map[string]time.Time{}}
	for target, at := range state.Moved {
		next.Moved[target] = at
	}
	verdicts := make([]Verdict, len(triggers))
	keep := map[string]bool{} // targets that must not shrink
	for i, t := range triggers {
		on := state.On[t.Name]
		reading, have := readings[t.Metric]
		reason, text := t.legible(reading, have, now)
		if reason == "" {
			on = t.beyond(reading.Value, on)
			reason, text = Within, fmt.Sprintf("%s is %s, threshold %s", t.Metric, short(reading.Value), short(t.Threshold))
			if on {
				reason = Beyond
			}
		}
		if on {
			next.On[t.Name] = true
		}
		if t.Action == ScaleUp && reason != Within {
			keep[t.Target] = true
		}
		verdicts[i] = Verdict{Trigger: t.Name, Target: t.Target, Action: t.Action, Reason: reason, Text: text}
	}
	moved := map[string]bool{}
	act := func(direction Direction) {
		for i, t := range triggers {
			if t.Action == direction && verdicts[i].Reason == Beyond {
				t.act(&verdicts[i], next.Moved, moved, keep[t.Target], now)
			}
		}
	}
	act(ScaleUp)
	act(ScaleDown)
	return next, verdicts
}

func (t Trigger) act(v *Verdict, last map[string]time.Time, moved map[string]bool, keep bool, now time.Time) {
	since, before := last[t.Target]
	left := t.Cooldown - now.Sub(since)
	switch {
	case t.Action == ScaleDown && keep:
		v.Reason, v.Text = Outvoted, t.Target+" may be needed: another trigger wants it bigger or has no reading"
	case moved[t.Target]:
		v.Reason, v.Text = Cooling, t.Target+" was scaled a moment ago"
	case before && left > 0:
		v.Reason, v.Text = Cooling, fmt.Sprintf("%s was scaled %s ago, cooldown %s", t.Target, Span(now.Sub(since)), Span(t.Cooldown))
	default:
		v.Acts = true
		last[t.Target], moved[t.Target] = now, true
	}
}

// legible says why a reading can't be judged; an empty reason: it can.
func (t Trigger) legible(r Reading, have bool, now time.Time) (VerdictReason, string) {
	oldest := t.MaxAge
	if oldest == 0 {
		oldest = DefaultMaxAge
	}
	switch age := now.Sub(r.At); {
	case !have:
		return NoReading, t.Metric + " has no reading"
	case math.IsNaN(r.Value) || math.IsInf(r.Value, 0):
		return NotANumber, fmt.Sprintf("%s is %v", t.Metric, r.Value)
	case age > oldest:
		return Stale, fmt.Sprintf("%s was read %s ago, want at most %s", t.Metric, Span(age), Span(oldest))
	case age < -maxAhead:
		return FromFuture, fmt.Sprintf("%s is dated %s ahead", t.Metric, Span(-age))
	}
	return "", ""
}

func (t Trigger) beyond(value float64, on bool) bool {
	limit := t.Threshold
	if t.Action == ScaleDown {
		if on {
			limit += t.Hysteresis
		}
		return value < limit
	}
	if on {
		limit -= t.Hysteresis
	}
	return value > limit
}

// CheckTriggers names everything that is wrong with a set of triggers; at says
// where they stand, as in "triggers".
func CheckTriggers(at string, triggers []Trigger) error {
	var r refusals
	seen := map[string]bool{}
	for i, t := range triggers {
		here := fmt.Sprintf("%s[%d]", at, i)
		r.unless(t.Name != "", OutOfBounds, here+".name", nil, "want a name")
		r.unless(!seen[t.Name], OutOfBounds, here+".name", t.Name, "is there already")
		r.unless(t.Metric != "", OutOfBounds, here+".metric", nil, "want a metric")
		r.unless(t.Target != "", OutOfBounds, here+".target", nil, "want a target")
		r.unless(!math.IsNaN(t.Threshold) && !math.IsInf(t.Threshold, 0), OutOfBounds, here+".threshold", t.Threshold, "want a number")
		r.unless(t.Hysteresis >= 0 && !math.IsInf(t.Hysteresis, 0), Negative, here+".hysteresis", t.Hysteresis, "want 0 or more")
		r.unless(t.Action == ScaleUp || t.Action == ScaleDown, OutOfBounds, here+".action", t.Action, "want scale_up or scale_down")
		r.unless(t.Cooldown >= 0, Negative, here+".cooldown", t.Cooldown, "want 0 or more")
		r.unless(t.MaxAge >= 0, Negative, here+".max_age", t.MaxAge, "want 0 or more")
		seen[t.Name] = true
		for k, other := range triggers[:i] {
			clash := other.Metric == t.Metric && other.Target == t.Target && other.Action != t.Action && !apart(other, t)
			r.unless(!clash, OutOfOrder, here+".threshold", t.Threshold, fmt.Sprintf("with %s[%d] the target would go up and down at one reading: want the threshold of scale_up above that of scale_down", at, k))
		}
	}
	return r.err()
}

func apart(a, b Trigger) bool {
	if a.Action == ScaleDown {
		a, b = b, a
	}
	return a.Threshold > b.Threshold
}

// short writes a value with four digits at most.
func short(v float64) string { return fmt.Sprintf("%.4g", v) }
