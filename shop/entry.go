package shop

import (
	"net/http"

	"github.com/bilten/rushgate/admission/verify"
)

// entry is how a request came in, as the guard found it.
type entry struct {
	Admitted bool
	Number   int64  // the visitor's number in the line; 0: nobody was waiting
	Problem  string // why there is no good admission; empty also without a guard

	prices map[string]int64 // promised to the visitor, by tier, in cents; nil: none
}

func entryOf(w http.ResponseWriter, r *http.Request) entry {
	if admission, ok := verify.From(r.Context()); ok {
		return entry{Admitted: true, Number: admission.Number, prices: admission.Prices}
	}
	return entry{Problem: w.Header().Get(verify.ReportHeader)}
}

// price is what this visitor pays for a seat: what the gateway promised, however
// the shop's own price stands by now.
func (e entry) price(tier Tier) (cents int64, promised bool) {
	if cents, ok := e.prices[tier.Name]; ok {
		return cents, true
	}
	return tier.Cents, false
}
