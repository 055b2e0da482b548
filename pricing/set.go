package pricing

import (
	"maps"

	"github.com/bilten/rushgate/event"
)

// Set puts a price set by hand into the state; the next Price publishes it. It is
// refused where it would break what fans were told: beyond floor and cap, below a
// price that only rises, or while prices are frozen.
func (e *Engine) Set(s State, name string, o Override) (State, error) {
	t, was, err := e.find(s, name)
	if err != nil {
		return State{}, err
	}
	price := e.currency.Plain(o.Price)
	switch {
	case s.Frozen != nil:
		return State{}, &event.FieldError{Field: "price", Value: price, Reason: "prices are frozen: thaw them first"}
	case o.Price < t.floor || o.Price > t.high:
		return State{}, &event.FieldError{Field: "price", Value: price,
			Reason: "want " + e.currency.Plain(t.floor) + " to " + e.currency.Plain(t.high) + ", the floor and cap of the rules"}
	case t.Pace.IncreaseOnly && o.Price < was.Price:
		return State{}, &event.FieldError{Field: "price", Value: price, Reason: "is below " + e.currency.Plain(was.Price) + ", and the rules say that it only rises"}
	}
	was.Override = &o
	return s.with(name, was), nil
}

// Unset gives the tier back to the rules. The price goes on from where it is.
func (e *Engine) Unset(s State, name string) (State, error) {
	_, was, err := e.find(s, name)
	if err != nil {
		return State{}, err
	}
	was.Override = nil
	return s.with(name, was), nil
}

func (e *Engine) find(s State, name string) (*tier, TierState, error) {
	for i := range e.tiers {
		if was, published := s.Tiers[name]; published && e.tiers[i].Name == name {
			return &e.tiers[i], was, nil
		}
	}
	return nil, TierState{}, &event.FieldError{Field: "tier", Value: quote(name), Reason: "has no price"}
}

// outside names a published price that is outside of floor and cap.
func (e *Engine) outside(s State) (string, bool) {
	for i := range e.tiers {
		t := &e.tiers[i]
		if was, ok := s.Tiers[t.Name]; ok && (was.Price < t.floor || was.Price > t.high) {
			return t.Name, true
		}
	}
	return "", false
}

// Succeed says what speaks against these rules taking over from those that led to
// the state: another currency than that of the published prices, or a price that
// would have to move while prices are frozen.
func (e *Engine) Succeed(s State, published Currency) error {
	if len(s.Tiers) > 0 && published.Code != e.currency.Code {
		return &event.FieldError{Field: "currency", Value: quote(e.currency.Code), Reason: "the prices that are published are in " + published.Code}
	}
	if name, out := e.outside(s); out && s.Frozen != nil {
		return &event.FieldError{Field: "tiers", Value: quote(name), Reason: "prices are frozen, and this one is outside of the new floor and cap: thaw them first"}
	}
	return nil
}

// with is the state with one tier changed; s stays as it is.
func (s State) with(name string, t TierState) State {
	s.Tiers = maps.Clone(s.Tiers)
	s.Tiers[name] = t
	return s
}
