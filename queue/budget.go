package queue

import "fmt"

// Budget is the most that a room may use of what stands behind it, as the
// gateways have measured and agreed it. What the room does is the lesser of its
// policy and its budget.
//
// A tick installs a budget that is no older than the one in force. One that no
// tick has brought for BudgetKeeps gives way to whatever a tick brings, or to none:
// a gateway that is gone must not slow a sale for ever.
type Budget struct {
	Version int64 // grows with every change, also after a loss; 0: this gateway knows of none
	Rate    Rate  // of calls, and of admissions
	Cap     int64 // as Policy.Cap; one that falls throws nobody out
	// Down says that nothing behind the room can take anybody: nobody is called or
	// comes in, and turns, graces and sessions stand still until something can.
	Down bool
}

// BudgetKeeps is how long a budget stays in force that no tick brings, in ms:
// twenty times what gateways take to agree on a new one.
const BudgetKeeps int64 = 60_000

// unlimited is the budget of a room that nobody has measured.
func unlimited(version int64) Budget { return Budget{Version: version, Rate: MaxRate, Cap: Base} }

// Validate says what a store could not work with.
func (b Budget) Validate() error {
	if b.Version < 0 || b.Version > Base || b.Rate < 0 || b.Rate > MaxRate || b.Cap < 0 || b.Cap > Base {
		return fmt.Errorf("budget %+v: version and cap must be 0 to 2^52, rate 0 to %d", b, MaxRate)
	}
	return nil
}

// Limits is what a room may do by policy and budget together: calls and
// admissions, and slots.
func (b Budget) Limits(rate Rate, limit int64) (Rate, int64) {
	if b.Down {
		rate = 0
	}
	return min(rate, b.Rate), min(limit, b.Cap)
}

// allowance is the budget that a room has.
type allowance struct {
	budget Budget
	told   int64 // when a tick last brought it, in the running time
}

// take puts a budget in force. A lower rate empties the buckets to its burst at
// once, as that of a newer policy does.
func (r *room) take(b Budget) {
	stale := r.running()-r.told > BudgetKeeps
	switch {
	case b.Version > 0 && (b.Version >= r.budget.Version || stale):
		r.budget, r.told = b, r.running()
	case stale:
		r.budget = unlimited(r.budget.Version)
	}
	r.pace.call = min(r.pace.call, r.rate().Burst())
	r.pace.claim = min(r.pace.claim, r.rate().Burst())
}

func (r *room) rate() Rate {
	rate, _ := r.budget.Limits(r.policy.Rate, 0)
	return rate
}

func (r *room) limit() int64 {
	_, limit := r.budget.Limits(0, r.policy.Cap)
	return limit
}

// claims says that the called may come in.
func (r *room) claims() bool { return r.policy.Gates.Claims && !r.budget.Down }
