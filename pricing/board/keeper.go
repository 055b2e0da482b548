package board

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/pricing"
)

// Config is what a keeper works with. All but Memories is needed.
type Config struct {
	Store accord.Store
	// Events are those that may have prices, read every time. What is remembered of
	// an event that is not among them is forgotten.
	Events func() []Event
	// Inputs is what this gateway knows of an event's demand. It must not wait.
	Inputs   func(eventID string) pricing.Inputs
	Log      *slog.Logger
	Every    time.Duration         // how often the store is asked; 0: DefaultEvery
	Memories Memories              // nil: what gateways remember ends with them
	Metrics  prometheus.Registerer // nil: nobody counts
}

// Memories outlive the process.
type Memories interface {
	// Recall returns what was kept last for an event; nil if nothing was.
	Recall(eventID string) []byte
	// Keep notes it; nil: there is nothing to remember any more. It must not wait for
	// a disk.
	Keep(eventID string, data []byte)
}

// DefaultEvery is how often a gateway looks at what the others have published.
const DefaultEvery = time.Second

// patience bounds one conversation with the store.
const patience = 2 * time.Second

// attempts is how often a change is tried that others are quicker than.
const attempts = 10

// ErrNoEvent is returned for an event that has no prices here.
var ErrNoEvent = errors.New("no such event")

// Keeper keeps the boards of a gateway. Its methods may be called by many
// goroutines at once.
type Keeper struct {
	config  Config
	metrics metrics
	boards  atomic.Pointer[map[string]*Board] // nil in it: asked, and nothing is published

	mu     sync.Mutex
	kept   map[string]*kept
	silent map[string]bool // events whose store has not answered, and was complained about
}

// kept is what a gateway remembers of an event's record.
type kept struct {
	version  int64 // of the accord
	data     []byte
	book     book
	engine   *pricing.Engine // of book.Rules; nil: there are none
	document string          // that engine was made of
}

// New returns a keeper without boards; Run makes it work.
func New(c Config) *Keeper {
	if c.Every == 0 {
		c.Every = DefaultEvery
	}
	k := &Keeper{config: c, kept: map[string]*kept{}, silent: map[string]bool{}}
	k.boards.Store(&map[string]*Board{})
	k.metrics = newMetrics(c.Metrics, k)
	return k
}

// Board is an event's prices; false if none are published. It costs one load.
func (k *Keeper) Board(eventID string) (*Board, bool) {
	b := (*k.boards.Load())[eventID]
	return b, b != nil
}

// Look is Board for who can wait: where this gateway has not asked yet, it asks
// the store first. Nil and no error: nothing is published.
func (k *Keeper) Look(ctx context.Context, eventID string) (*Board, error) {
	if b, asked := (*k.boards.Load())[eventID]; asked {
		return b, nil
	}
	if err := k.Refresh(ctx, eventID); err != nil && !errors.Is(err, ErrNoEvent) {
		return nil, err
	}
	b, _ := k.Board(eventID)
	return b, nil
}

// Run follows the record of every event, and prices when it is time, until ctx
// ends.
func (k *Keeper) Run(ctx context.Context) error {
	ticker := time.NewTicker(k.config.Every)
	defer ticker.Stop()
	for {
		k.Round(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Round looks at every event once. An event whose store does not answer keeps the
// prices that it has.
func (k *Keeper) Round(ctx context.Context) {
	events := k.config.Events()
	for _, ev := range events {
		err := k.attend(ctx, ev)
		if ctx.Err() != nil {
			return
		}
		k.complain(ev.ID, err)
	}
	k.forget(events)
}

// complain says once that an event's prices can't be looked at, and once that they
// can again.
func (k *Keeper) complain(id string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case err != nil && !k.silent[id]:
		k.config.Log.Warn("prices stay as they are: their record can't be read or written", "event", id, "error", err)
	case err == nil && k.silent[id]:
		k.config.Log.Info("prices are looked at again", "event", id)
	}
	k.silent[id] = err != nil
}

// forget drops what is kept of events that are no more.
func (k *Keeper) forget(events []Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	here := map[string]bool{}
	for _, ev := range events {
		here[ev.ID] = true
	}
	gone := func(id string) bool { return !here[id] }
	maps.DeleteFunc(k.kept, func(id string, _ *kept) bool { return gone(id) })
	maps.DeleteFunc(k.silent, func(id string, _ bool) bool { return gone(id) })
	boards := maps.Clone(*k.boards.Load())
	maps.DeleteFunc(boards, func(id string, _ *Board) bool { return gone(id) })
	k.boards.Store(&boards)
}

// Drop removes an event's record and its ledger from the store, and what this
// gateway remembers of them. It is for an event that is not among Events any more
// and has nobody left who was promised a price.
func (k *Keeper) Drop(ctx context.Context, eventID string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := k.config.Store.Drop(ctx, key(eventID)); err != nil {
		return fmt.Errorf("drop the prices of %s: %w", eventID, err)
	}
	if k.config.Memories != nil {
		k.config.Memories.Keep(eventID, nil)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, eventID)
	boards := maps.Clone(*k.boards.Load())
	delete(boards, eventID)
	k.boards.Store(&boards)
	return nil
}

func key(eventID string) string { return "prices:" + eventID }

// attend meets the others at the record, and prices if nobody has yet.
func (k *Keeper) attend(ctx context.Context, ev Event) error {
	err := k.change(ctx, ev, func(b book, e *pricing.Engine, now time.Time) (book, []Entry, error) {
		if e == nil {
			return b, nil, nil
		}
		b, noted := b.noticed(ev.Start, now)
		if now.Before(ev.Opens) {
			return b, noted, nil
		}
		in := k.config.Inputs(ev.ID)
		in.Start = ev.Start
		_, knows := in.Waiting.Value()
		if !b.due(time.Duration(e.Rules().Period), knows, now) {
			return b, noted, nil
		}
		b, entries := b.look(e, in, now)
		return b, append(noted, entries...), nil
	})
	if errors.Is(err, accord.ErrBeaten) {
		return nil // the others have priced
	}
	return err
}

// Refresh reads an event's record now.
func (k *Keeper) Refresh(ctx context.Context, eventID string) error {
	ev, err := k.event(eventID)
	if err != nil {
		return err
	}
	return k.attend(ctx, ev)
}

func (k *Keeper) event(id string) (Event, error) {
	events := k.config.Events()
	i := slices.IndexFunc(events, func(ev Event) bool { return ev.ID == id })
	if i < 0 {
		return Event{}, ErrNoEvent
	}
	return events[i], nil
}

// decision is what is to become of a record; the same book means that nothing is.
type decision func(b book, e *pricing.Engine, now time.Time) (book, []Entry, error)

// change decides on the record as it stands, with what it has lost put back, and
// tries again if somebody else has changed it meanwhile.
func (k *Keeper) change(ctx context.Context, ev Event, decide decision) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	for range attempts {
		if err = k.try(ctx, ev, decide); !errors.Is(err, accord.ErrBeaten) {
			return err
		}
	}
	return err
}

func (k *Keeper) try(ctx context.Context, ev Event, decide decision) error {
	k.recalled(ev.ID) // shown even if the store is silent
	record, err := k.config.Store.Meet(ctx, key(ev.ID), "", nil, 0)
	if err != nil {
		return fmt.Errorf("read the prices of %s: %w", ev.ID, err)
	}
	met, err := k.read(ev.ID, record)
	if err != nil {
		return err
	}
	b, entries := k.mend(ev.ID, met, record.Now)
	engine := met.engine
	if len(entries) > 0 {
		if engine, err = b.engine(); err != nil {
			return fmt.Errorf("the rules of %s: %w", ev.ID, err)
		}
	}
	b, decided, err := decide(b, engine, record.Now)
	if err != nil {
		return err
	}
	if entries = append(entries, decided...); len(entries) == 0 && b.Looked.Equal(met.book.Looked) {
		k.remember(ev.ID, met)
		return nil
	}
	return k.swap(ctx, ev.ID, record, b, entries)
}

// read is what the record says; a record that is known already is not read again.
func (k *Keeper) read(id string, record accord.Record) (*kept, error) {
	before := k.recalled(id)
	if before.version == record.Version && record.Version != 0 {
		return before, nil
	}
	b, err := decode(record.Data)
	if err != nil {
		return nil, fmt.Errorf("the prices of %s: %w", id, err)
	}
	return before.newer(record.Version, record.Data, b)
}

// newer is a later record; rules that are the same keep their engine.
func (k *kept) newer(version int64, data []byte, b book) (*kept, error) {
	later := &kept{version: version, data: data, book: b}
	switch {
	case b.Rules == nil:
	case k.engine != nil && k.document == b.Rules.Document:
		later.engine, later.document = k.engine, k.document
	default:
		engine, err := b.engine()
		if err != nil {
			return nil, fmt.Errorf("price rules in force: %w", err)
		}
		later.engine, later.document = engine, b.Rules.Document
	}
	return later, nil
}

// recalled is what is remembered of an event, from before this process, too.
func (k *Keeper) recalled(id string) *kept {
	k.mu.Lock()
	defer k.mu.Unlock()
	if before, ok := k.kept[id]; ok {
		return before
	}
	before := &kept{}
	if k.config.Memories != nil {
		if b, err := decode(k.config.Memories.Recall(id)); err == nil {
			if known, err := before.newer(0, nil, b); err == nil {
				before = known
			}
		}
	}
	k.kept[id] = before
	if before.engine != nil {
		k.show(id, before)
	}
	return before
}

// mend puts back what the record lacks of what this gateway remembers.
func (k *Keeper) mend(id string, met *kept, now time.Time) (book, []Entry) {
	if remembered := k.recalled(id).book; met.book.lost(remembered) {
		return met.book.mended(remembered, now)
	}
	return met.book, nil
}

func (k *Keeper) swap(ctx context.Context, id string, record accord.Record, b book, entries []Entry) error {
	data, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("write the prices of %s: %w", id, err)
	}
	lines := make([][]byte, len(entries))
	for i, entry := range entries {
		if lines[i], err = json.Marshal(entry); err != nil {
			return fmt.Errorf("write the ledger of %s: %w", id, err)
		}
	}
	number, err := k.config.Store.Swap(ctx, key(id), record.Version, data, lines...)
	if err != nil {
		return fmt.Errorf("write the prices of %s: %w", id, err)
	}
	k.metrics.count(id, entries)
	later, err := k.recalled(id).newer(number, data, b)
	if err != nil {
		return err
	}
	k.remember(id, later)
	return nil
}

// remember takes a record for what is known, unless a later one is known already.
func (k *Keeper) remember(id string, later *kept) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if before := k.kept[id]; before != nil && before.version >= later.version {
		if _, asked := (*k.boards.Load())[id]; !asked {
			k.show(id, before)
		}
		return
	}
	k.kept[id] = later
	k.show(id, later)
	if k.config.Memories != nil {
		k.config.Memories.Keep(id, later.data)
	}
}

// show publishes the board, nil if there is none; k.mu is held.
func (k *Keeper) show(id string, what *kept) {
	boards := maps.Clone(*k.boards.Load())
	boards[id] = newBoard(id, what.book, what.engine)
	k.boards.Store(&boards)
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
