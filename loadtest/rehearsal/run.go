package rehearsal

import (
	"context"
	"fmt"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest"
)

// Run sends the crowd and judges what it saw. The plan is valid. vouched are hosts
// outside this machine that may be put under load; there is no crowd for any
// other. An interrupted rehearsal, whose ctx is done, is judged as far as it got.
func Run(ctx context.Context, p Plan, vouched []string, report func(loadtest.Progress)) (Report, error) {
	var history invariant.History
	started := time.Now()
	limited, cancel := context.WithTimeout(ctx, p.Sender.TimeLimit)
	defer cancel()
	figures, err := p.crowd().Visit(limited, p.target(vouched), &history, report)
	if err != nil {
		return Report{}, err
	}
	r := Report{Plan: p, Started: started, Interrupted: ctx.Err() != nil, Figures: figures}
	r.judge(invariant.Check(&history, p.limits()))
	return r, nil
}

// apart is more than the clocks of two machines differ that keep time by NTP.
const apart = 2 * time.Second

// limits are what the room promises, as far as the plan tells.
func (p Plan) limits() invariant.Limits {
	l := loadtest.Limits(p.Room.NewUsersPerMinute, p.Room.TotalActiveUsers)
	l.Turn = p.Room.TurnTTL.Microseconds()
	if !p.local() {
		l.Lag += apart.Microseconds()
	}
	if p.Room.NewUsersPerMinute == 0 {
		l.Policies = nil
	}
	return l
}

func (p Plan) local() bool {
	for _, gateway := range p.Target.Gateways {
		if !loadtest.Local(gateway) {
			return false
		}
	}
	return true
}

// judge turns what was found into promises kept and broken, and a verdict.
func (r *Report) judge(found []invariant.Violation) {
	strangers := r.strangers()
	var held []invariant.Violation
	for _, v := range found {
		if v.ID != invariant.Liveness || strangers == "" {
			held = append(held, v)
		}
	}
	r.Promises = promises(r.Plan, r.Figures, held, strangers)
	tolerance := loadtest.Tolerance{Lateness: r.Plan.Sender.Lateness, Failed: loadtest.Strict.Failed, Unfinished: true}
	r.Verdict = loadtest.Judge(r.Figures, held, tolerance)
	if skew := r.Figures.Public.Skew; skew.Abs() > apart+loadtest.Lag {
		r.invalid(fmt.Sprintf("the room's clock and this machine's differ by %v, so no window can be judged: let both keep time by NTP", skew.Abs().Round(100*time.Millisecond)))
	}
	if r.Figures.ToAdmitted.Max == 0 {
		r.invalid("nobody came in, so little was tried")
	}
	r.remark(strangers)
}

func (r *Report) invalid(why string) {
	if r.Verdict.Outlook == loadtest.Clean {
		r.Verdict.Outlook = loadtest.Invalid
	}
	r.Verdict.Reasons = append(r.Verdict.Reasons, why)
}

// strangers says by what it shows that others were in the room, "" if nothing does.
func (r *Report) strangers() string {
	placed := 0
	for _, m := range r.Figures.Course {
		placed += m.Placed
	}
	switch p := r.Figures.Public; {
	case p.Before > 0:
		return fmt.Sprintf("%d people stood in the line before the crowd came", p.Before)
	case p.Issued > int64(placed):
		return fmt.Sprintf("%d places were taken while the crowd took %d", p.Issued, placed)
	}
	return ""
}

// remark collects what a reader should know that is nobody's fault.
func (r *Report) remark(strangers string) {
	f := r.Figures
	add := func(when bool, format string, args ...any) {
		if when {
			r.Remarks = append(r.Remarks, fmt.Sprintf(format, args...))
		}
	}
	unfinished := f.Outcomes[loadtest.Unfinished]
	add(r.Interrupted, "The rehearsal was interrupted after %v.", f.Took.Round(time.Second))
	add(unfinished > 0, "%d visitors had not come in when it ended: a line of that length needs more time, or a higher rate.", unfinished)
	add(f.Outcomes[loadtest.Refused] > 0, "%d visitors were told that the room is closed, full or sold out.", f.Outcomes[loadtest.Refused])
	add(f.Limited > 0, "%d joins were asked to slow down, since many came from one address: more sources spread the crowd.", f.Limited)
	add(strangers != "", "The crowd was not alone: %s.", strangers)
	add(r.Plan.Room.NewUsersPerMinute == 0, "The plan names no rate and no cap, so nobody could judge whether they were kept.")
}
