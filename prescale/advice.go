package prescale

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Recommendation is one thing to do or to know, with a stable code.
type Recommendation struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// advice puts first what must be done, last what is only good to know.
func advice(req Request, p Plan) []Recommendation {
	var all []Recommendation
	say := func(when bool, code, format string, args ...any) {
		if when {
			all = append(all, Recommendation{code, fmt.Sprintf(format, args...)})
		}
	}
	adviseServices(req, p, say)
	adviseRoom(req.Sale, p, say)
	useful := float64(p.Demand.Useful)
	say(useful > 0 && p.Forecast.Visitors.P50 > useful, "stock_short",
		"About %s sessions sell everything, and half of all like events bring more than %s people: tell those beyond early that they may leave empty-handed.",
		Thousands(useful), Thousands(p.Forecast.Visitors.P50))
	adviseForecast(p.Forecast, say)
	arrived := req.Evidence.Arrived
	say(arrived != nil && !p.Forecast.rests(FromPrequeue), "prequeue_unused",
		"No past event has a course that covers this moment, so how many have joined so far is a lower bound and no more.")
	return all
}

type saying func(when bool, code, format string, args ...any)

func adviseServices(req Request, p Plan, say saying) {
	for _, row := range p.Services {
		s := row.Service
		say(len(row.Up) > 0, "scale_up", "Scale %s from %d to %d by %s before the start: begin %s before it.",
			s.Name, s.Min, row.Instances, -p.Schedule.Ready, -p.Schedule.ScaleUp)
		say(len(row.Up) == 0, "enough", "%s needs %d and keeps at least %d: nothing to scale.", s.Name, row.Needed, s.Min)
		say(row.Clamp == AtMax && p.Schedule.Clears > 0, "above_max", "%s would need %d instances and may have %d. Raise max, or let the line take longer: at %d instances everybody is in %s after the start.",
			s.Name, row.Needed, s.Max, s.Max, p.Schedule.Clears)
		say(row.Clamp == AtMax && p.Schedule.Clears == 0, "above_max", "%s would need %d instances and may have %d, with which the line does not clear within a day. Raise max.",
			s.Name, row.Needed, s.Max)
		say(req.Lead > 0 && Span(req.Lead) < row.Lead, "lead_time_short", "lead_time is %s, but %s takes %s to reach %d instances: raise lead_time.",
			req.Lead, s.Name, row.Lead, row.Instances)
		say(s.Target == "", "no_target", "%s has no target: somebody scales it by hand.", s.Name)
		say(s.Price == (Price{}), "no_price", "%s has no price_per_hour, so the cost lacks it.", s.Name)
		say(len(row.Up) > 0, "tolerance", "An autoscaler does nothing while its metric is within %d %% of the target: give %s a target of %d sessions an instance, so that it has acted by %d.",
			TolerancePercent, s.Name, row.ActsAt, s.PerInstance)
	}
}

func adviseRoom(s Sale, p Plan, say saying) {
	rate := int(float64(p.Capacity) / s.Session.Minutes())
	wanted := int(math.Ceil(p.Demand.Sessions.P90 * Buffer))
	say(p.Demand.Limit == ByRoomCap || p.Demand.Limit == ByRoomRate, "room_limits",
		"The room lets in fewer than would come: %s at once, of a demand of %s. The plan is for what it lets in; if the shop can take more, raise total_active_users and new_users_per_minute and plan again.",
		Thousands(float64(p.Demand.Required)), Thousands(float64(wanted)))
	say(s.Cap > p.Capacity, "cap_above_capacity", "total_active_users is %s, but the plan carries %s sessions: set it to %d, unless the room follows what is ready.",
		Thousands(float64(s.Cap)), Thousands(float64(p.Capacity)), p.Capacity)
	say(s.PerMinute > rate, "rate_above_capacity", "new_users_per_minute is %s; %s sessions of %s make %s a minute: set it to %d, unless the room follows what is ready.",
		Thousands(float64(s.PerMinute)), Thousands(float64(p.Capacity)), s.Session, Thousands(float64(rate)), rate)
}

func adviseForecast(f Forecast, say saying) {
	low, high := math.Inf(1), 0.0
	for _, s := range f.Sources {
		low, high = min(low, s.Visitors.P50), max(high, s.Visitors.P50)
		say(s.Events == 1, "one_event", "%s rests on a single past event: its p90 is twice its p50 for want of better.", s.Name)
	}
	say(len(f.Sources) == 1, "one_source", "The forecast rests on %s alone. Past events, or the pre-queue once it is open, would make it surer.", f.Sources[0].Name)
	say(high > 2*low, "sources_disagree", "The sources disagree by a factor of %.1f: check them. The p90 is wider for it.", high/low)
	say(f.Shape == ShapeModel, "model_step", "How people come at the opening is a model, not a measurement (%s): past events with a course would replace it.", strings.TrimPrefix(f.Shape, "model: "))
}

// rests says whether a source is among those of the forecast.
func (f Forecast) rests(on string) bool {
	return slices.ContainsFunc(f.Sources, func(s Source) bool { return s.Name == on })
}

// Thousands writes 12,345.
func Thousands(v float64) string {
	digits := strconv.FormatInt(int64(math.Round(v)), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// At is a moment of the schedule as a time; zero while the start is unknown.
func (p Plan) At(after Span) time.Time {
	if p.Start.IsZero() {
		return time.Time{}
	}
	return p.Start.Add(time.Duration(after))
}
