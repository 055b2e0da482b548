package board

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/pricing"
)

var (
	// ErrNoRules is returned for an act that needs rules in force.
	ErrNoRules = errors.New("no price rules are in force")
	// ErrNoDraft is returned if the version that is to be approved or discarded is
	// not the draft, or not any more.
	ErrNoDraft = errors.New("no such draft of price rules")
	// ErrNoWhy is returned for an act that wants a reason and has none.
	ErrNoWhy = errors.New("want a reason: it stands in the ledger")
)

// LateError refuses rules that were not announced in time. Approve them with a
// reason for the waiver, or let them wait.
type LateError struct{ Why string }

func (e *LateError) Error() string { return "too late: " + e.Why }

// act is something done by hand: it returns the book as it is then, and the
// entries that tell of it.
type act func(b book, ev Event, now time.Time) (book, []Entry, error)

func draft(document string, by pricing.Act) act {
	return func(b book, ev Event, now time.Time) (book, []Entry, error) {
		parsed, err := pricing.Parse([]byte(document))
		if err != nil {
			return b, nil, err
		}
		if err := parsed.Fit(ev.ID, ev.Tiers); err != nil {
			return b, nil, err
		}
		by.At, b.Acted = now, b.acting(now)
		b.Numbered++
		b.Draft = &Rules{Version: b.Numbered, Document: document, Drafted: by}
		return b, []Entry{{Kind: Drafted, At: now, By: by.By, Why: by.Why, Rules: b.Numbered, Document: document}}, nil
	}
}

func discard(version int, by pricing.Act) act {
	return func(b book, _ Event, now time.Time) (book, []Entry, error) {
		if b.Draft == nil || b.Draft.Version != version {
			return b, nil, ErrNoDraft
		}
		b.Draft, b.Acted = nil, b.acting(now)
		return b, []Entry{{Kind: Discarded, At: now, By: by.By, Why: by.Why, Rules: version}}, nil
	}
}

// approve brings a draft into force. waiver is why it may be late.
func approve(version int, waiver string, by pricing.Act) act {
	return func(b book, ev Event, now time.Time) (book, []Entry, error) {
		if b.Rules != nil && b.Rules.Version == version {
			return b, nil, nil // done already
		}
		if b.Draft == nil || b.Draft.Version != version {
			return b, nil, ErrNoDraft
		}
		if err := plain("waiver", waiver); err != nil {
			return b, nil, err
		}
		late := pricing.Late(now, ev.Start)
		if late != "" && strings.TrimSpace(waiver) == "" {
			return b, nil, &LateError{late}
		}
		engine, err := b.successor(ev)
		if err != nil {
			return b, nil, err
		}
		by.At, b.Acted = now, b.acting(now)
		entry := Entry{Kind: Approved, At: now, By: by.By, Why: by.Why, Rules: version, Document: b.Draft.Document}
		inForce := *b.Draft
		inForce.Approved = &by
		if late != "" {
			inForce.Waived, entry.Waived = waiver, late+": "+waiver
		}
		b.Rules, b.Draft, b.State = &inForce, nil, engine.Adopt(b.State)
		b, published := b.settle(engine, by)
		return b, append([]Entry{entry}, published...), nil
	}
}

// declare brings a file's rules into force, once for each content of the file.
// What was done by hand since then stays, until the file says something new.
func declare(document, waiver string, by pricing.Act) act {
	sum := sha256.Sum256([]byte(document))
	filed := hex.EncodeToString(sum[:])
	return func(b book, ev Event, now time.Time) (book, []Entry, error) {
		if b.Filed == filed {
			return b, nil, nil
		}
		if b.Rules != nil && b.Rules.Document == document { // of a record that has lost the rest
			b.Filed = filed
			return b, nil, nil
		}
		waiting := b.Draft
		b, drafted, err := draft(document, by)(b, ev, now)
		if err != nil {
			return b, nil, err
		}
		b, approved, err := approve(b.Numbered, waiver, by)(b, ev, now)
		if err != nil {
			return b, nil, err
		}
		b.Filed, b.Draft = filed, waiting // which is somebody else's
		return b, append(drafted, approved...), nil
	}
}

// successor is the draft's engine, if nothing speaks against it.
func (b book) successor(ev Event) (*pricing.Engine, error) {
	engine, err := compile(b.Draft.Document)
	if err != nil {
		return nil, err
	}
	if err := engine.Rules().Fit(ev.ID, ev.Tiers); err != nil {
		return nil, err
	}
	before, err := b.engine()
	if err != nil || before == nil {
		return engine, err
	}
	return engine, engine.Succeed(b.State, before.Currency())
}

func freeze(by pricing.Act) act {
	return byHand(Froze, by, func(s pricing.State, _ *pricing.Engine, by pricing.Act) (pricing.State, error) {
		s.Frozen = &by
		return s, nil
	})
}

func thaw(by pricing.Act) act {
	return byHand(Thawed, by, func(s pricing.State, _ *pricing.Engine, _ pricing.Act) (pricing.State, error) {
		s.Frozen = nil
		return s, nil
	})
}

func set(tier string, price int64, by pricing.Act) act {
	return byHand(Set, by, func(s pricing.State, e *pricing.Engine, by pricing.Act) (pricing.State, error) {
		return e.Set(s, tier, pricing.Override{Price: price, Act: by})
	})
}

func unset(tier string, by pricing.Act) act {
	return byHand(Unset, by, func(s pricing.State, e *pricing.Engine, _ pricing.Act) (pricing.State, error) {
		return e.Unset(s, tier)
	})
}

// byHand changes the state of prices, and publishes what follows from it.
func byHand(kind Kind, by pricing.Act, change func(pricing.State, *pricing.Engine, pricing.Act) (pricing.State, error)) act {
	return func(b book, _ Event, now time.Time) (book, []Entry, error) {
		if strings.TrimSpace(by.Why) == "" {
			return b, nil, ErrNoWhy
		}
		engine, err := b.engine()
		if err != nil {
			return b, nil, err
		}
		if engine == nil {
			return b, nil, ErrNoRules
		}
		by.At = now
		state, err := change(b.State, engine, by)
		if err != nil {
			return b, nil, err
		}
		b.State, b.Acted = state, b.acting(now)
		entry := Entry{Kind: kind, At: now, By: by.By, Why: by.Why, Rules: b.Rules.Version}
		b, published := b.settle(engine, by)
		return b, append([]Entry{entry}, published...), nil
	}
}

// acting is when something is done by hand: after all that was done before, also
// where the clock went back, or what other gateways remember would undo it.
func (b book) acting(now time.Time) time.Time {
	if now.After(b.Acted) {
		return now
	}
	return b.Acted.Add(time.Nanosecond)
}

// signed refuses an act without a name to it.
func signed(by pricing.Act) error {
	if strings.TrimSpace(by.By) == "" {
		return &event.FieldError{Field: "by", Reason: "is missing: the ledger names who did it"}
	}
	return errors.Join(plain("by", by.By), plain("why", by.Why))
}

// plain refuses what an entry of the ledger should not hold.
func plain(field, s string) error {
	const most = 1000
	if len(s) > most {
		return &event.FieldError{Field: field, Reason: fmt.Sprintf("%d bytes are too many: want at most %d", len(s), most)}
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return &event.FieldError{Field: field, Value: strconv.Quote(s), Reason: "holds control characters: want plain text in one line"}
	}
	return nil
}
