// Package accord is what gateways agree on without a leader: for each key one
// small record, decided by whoever comes first and known to all.
//
// A gateway meets the others at a record, where each leaves a report, decides by
// a pure function of what it finds, and swaps the record. Of two that decide at
// once one is beaten, and reads again. What the decision was is noted in the
// record's log in the same step, so that nothing happens twice or unseen:
//
//	Meet -> decide(record, reports) -> Swap -> act on what stands there now
package accord

import (
	"context"
	"errors"
	"time"
)

const (
	// LogCap is how many entries a log keeps, at least; older ones go.
	LogCap = 100_000
	// Kept is how long a record outlives its last Swap.
	Kept = 30 * 24 * time.Hour
)

// ErrBeaten is returned by Swap when the record has another version by now.
var ErrBeaten = errors.New("another gateway has decided meanwhile")

// Record is what stands at a key, and who has been there lately.
type Record struct {
	Version int64 // 0: nothing has been decided yet
	Data    []byte
	Now     time.Time         // the store's clock, the one that all gateways share
	Reports map[string][]byte // the last of each member heard lately
}

// Entry is a line of a record's log.
type Entry struct {
	ID   string // in the order of the log; pass it to Log to go on
	At   time.Time
	Data []byte
}

// Store keeps records. Every method is one atomic step on one key and may be
// called by any number of gateways at once. A key is lower-case letters, digits,
// ":" and "-", as in "pool:shop".
type Store interface {
	// Meet leaves a report of member, unless it is nil, and returns the record with
	// the reports of all that were heard within fresh, member's own included.
	Meet(ctx context.Context, key, member string, report []byte, fresh time.Duration) (Record, error)
	// Swap replaces the record if its version is still the given one, 0 for none,
	// and appends the entries to its log. It returns the new version, which is above
	// all that were ever given, also after the store has lost everything: not below
	// the microseconds of its clock, and should that have fallen back, above all that
	// this gateway has seen. It returns ErrBeaten if somebody was quicker,
	// or if this very call was carried out before and its answer lost.
	Swap(ctx context.Context, key string, version int64, data []byte, entries ...[]byte) (int64, error)
	// Log lists entries after the one with this id, "" for the beginning, oldest
	// first and most of them at most.
	Log(ctx context.Context, key, after string, most int) ([]Entry, error)
	// Drop forgets the record, its reports and its log.
	Drop(ctx context.Context, key string) error
}
