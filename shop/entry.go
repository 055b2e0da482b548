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
}

func entryOf(w http.ResponseWriter, r *http.Request) entry {
	if admission, ok := verify.From(r.Context()); ok {
		return entry{Admitted: true, Number: admission.Number}
	}
	return entry{Problem: w.Header().Get(verify.ReportHeader)}
}
