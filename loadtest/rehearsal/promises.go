package rehearsal

import (
	"fmt"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest"
)

// Promise is one invariant in an organizer's words, and what became of it.
type Promise struct {
	ID       invariant.ID `json:"id"`
	Says     string       `json:"says"`
	Unjudged string       `json:"unjudged,omitempty"` // why it could not be judged
	Broken   int          `json:"broken"`             // how often
	Examples []string     `json:"examples,omitempty"`
}

// lost is I2, which the crowd counts by itself.
const lost invariant.ID = "I2"

var says = []struct {
	id   invariant.ID
	text string
}{
	{invariant.Cap, "Never more people inside than the cap, never let in faster than the rate"},
	{lost, "Nobody lost a place in the line"},
	{invariant.Double, "One person, one place: reloading or a second tab changes nothing"},
	{invariant.Order, "First come, first served: nobody was let in past somebody who waited"},
	{invariant.Number, "Honest numbers: a place never changed, progress never ran backwards"},
	{invariant.Bypass, "Nobody reached the shop without being let in"},
	{invariant.Window, "Who is in stays in for the whole time that was promised"},
	{invariant.Liveness, "As long as there is room and somebody waits, somebody is called"},
}

// maxExamples keeps a broken rehearsal readable.
const maxExamples = 3

func promises(p Plan, f loadtest.Figures, found []invariant.Violation, strangers string) []Promise {
	all := make([]Promise, 0, len(says))
	for _, s := range says {
		one := Promise{ID: s.id, Says: s.text}
		for _, v := range found {
			if v.ID == s.id {
				one.Broken++
				if one.Broken <= maxExamples {
					one.Examples = append(one.Examples, v.What)
				}
			}
		}
		switch told := p.Room.NewUsersPerMinute > 0; {
		case s.id == lost && f.Outcomes[loadtest.Lost] > 0:
			one.Broken = f.Outcomes[loadtest.Lost]
			one.Examples = []string{fmt.Sprintf("%d visitors had a place or an admission that the gateways no longer knew", one.Broken)}
		case (s.id == invariant.Cap || s.id == invariant.Liveness) && !told:
			one.Unjudged = "the plan names no rate and no cap"
		case s.id == invariant.Liveness && strangers != "":
			one.Unjudged = "others were in the room, and nobody can see from outside which slots they held"
		}
		all = append(all, one)
	}
	return all
}
