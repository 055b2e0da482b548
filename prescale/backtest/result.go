package backtest

import (
	"time"

	"github.com/bilten/rushgate/prescale"
)

// Result is the whole back-test.
type Result struct {
	KnockOuts []Score // by lead, then by method: ours, learning on, the baselines
	Choosing  []Score // ours on the group stage, each match from those before it
}

// trained is how many group-stage matches come before the first that is
// forecast when half-lives are compared.
const trained = 10

// Play runs it all; progress is called before each step, with what it is.
func Play(progress func(string)) (Result, error) {
	traffic, err := Load()
	if err != nil {
		return Result{}, err
	}
	group, outs := GroupStage(), KnockOuts()
	all := append(GroupStage(), outs...)
	methods := append([]Method{
		traffic.Ours("forecast", func(time.Time) []Match { return group }, all, prescale.HalfLife),
		traffic.Ours("forecast, learning on", func(at time.Time) []Match { return Over(all, at) }, all, prescale.HalfLife),
	}, traffic.Baselines()...)
	var result Result
	for _, lead := range Leads() {
		progress("knock-outs, " + lead.String() + " before kick-off")
		for _, method := range methods {
			result.KnockOuts = append(result.KnockOuts, traffic.Run(method, outs, lead))
		}
		progress("group stage, " + lead.String() + " before kick-off")
		rolling := traffic.Ours("forecast", func(at time.Time) []Match { return Over(group, at) }, all, prescale.HalfLife)
		result.Choosing = append(result.Choosing, traffic.Run(rolling, group[trained:], lead))
	}
	return result, nil
}

// Of is the scores of one method.
func (r Result) Of(method string) []Score {
	var scores []Score
	for _, s := range r.KnockOuts {
		if s.Method == method {
			scores = append(scores, s)
		}
	}
	return scores
}
