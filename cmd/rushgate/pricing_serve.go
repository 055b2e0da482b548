package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/stock/shelf"
	"github.com/bilten/rushgate/web/ops"
)

// prices are the boards of all events, and the rules that files declare.
type prices struct {
	*board.Keeper
	memories priceMemories
	files    []priceFile
	waiver   string
	retired  func() []string // events whose retention is over
	deleted  func() []string // events that are no more
	log      *slog.Logger

	mu     sync.Mutex
	undone map[string]error // by file: why its rules are not in force
}

func (b blueprint) keepPrices(events *catalog.Catalog, rooms *room.Keeper, stocks *shelf.Shelf, registry prometheus.Registerer) *prices {
	p := &prices{
		memories: priceMemories{b.kept.outbox}, files: b.prices, waiver: strings.Join(strings.Fields(b.config.PricesWaiver), " "),
		retired: func() []string { return retired(rooms) }, deleted: events.Deleted, log: b.log, undone: map[string]error{},
	}
	for _, file := range b.prices {
		p.undone[file.file] = errUnannounced
	}
	p.Keeper = board.New(board.Config{
		Store: b.stores.accord,
		Events: func() []board.Event {
			if !rooms.Loaded() {
				return board.Priced(b.events)
			}
			return board.Priced(rooms.Events())
		},
		Inputs: func(id string) pricing.Inputs { return priceInputs(rooms, stocks, id) },
		Log:    b.log, Memories: p.memories, Metrics: registry,
	})
	return p
}

var errUnannounced = errors.New("not announced yet")

// priceInputs is what this gateway knows of an event's demand.
func priceInputs(rooms *room.Keeper, stocks *shelf.Shelf, id string) pricing.Inputs {
	in := pricing.Inputs{Tiers: map[string]pricing.Stock{}}
	r, ok := rooms.Room(id)
	if !ok {
		return in
	}
	view := r.View()
	if mode, _ := view.ModeAt(time.Now()); mode == room.Normal && view.Snapshot.Generation != 0 {
		in.Waiting, in.Active = pricing.Count(view.Snapshot.Waiting()), pricing.Count(view.Snapshot.Active)
	}
	if is := stocks.Stock(id); is != nil {
		in.Tiers = board.Stocks(view.Event, is.Counts)
	}
	return in
}

// announce brings the files' rules into force, and reads all prices once, before
// anybody is served. Rules that come too late leave those before them in force.
func (p *prices) announce(ctx context.Context) {
	for _, file := range p.files {
		p.declare(ctx, file)
	}
	p.Round(ctx)
}

func (p *prices) declare(ctx context.Context, file priceFile) {
	err := p.Declare(ctx, file.event, file.document, p.waiver)
	p.mu.Lock()
	before := p.undone[file.file]
	if p.undone[file.file] = err; err == nil {
		delete(p.undone, file.file)
	}
	p.mu.Unlock()
	if err != nil && (before == nil || before.Error() != err.Error()) {
		p.log.Error("price rules of a file are not in force", "file", file.file, "event", file.event, "error", err)
	}
}

// insist declares once more what a silent store has not taken. What has been refused
// waits for somebody to change it.
func (p *prices) insist(ctx context.Context) {
	for _, file := range p.files {
		p.mu.Lock()
		why := p.undone[file.file]
		p.mu.Unlock()
		_, late := errors.AsType[*board.LateError](why)
		_, wrong := errors.AsType[*event.FieldError](why)
		if why != nil && !errors.Is(why, errUnannounced) && !late && !wrong {
			p.declare(ctx, file)
		}
	}
}

// run keeps prices until ctx ends.
func (p *prices) run(ctx context.Context) {
	var group sync.WaitGroup
	group.Go(func() { _ = p.Keeper.Run(ctx) }) // it ends with ctx
	group.Go(func() { p.sweep(ctx) })
	group.Wait()
}

// sweepEvery is how often a gateway looks for events whose retention is over or that
// were deleted, and for rules that the store has not taken.
const sweepEvery = 10 * time.Second

// sweep removes the prices of events that are over, and insists on rules, until ctx
// ends.
func (p *prices) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	gone := map[string]bool{}
	for {
		select {
		case <-ticker.C:
			gone = p.drop(ctx, gone)
			p.forget()
			p.insist(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// drop removes the prices of retired events that are not gone yet, and returns
// those that are now. As with rooms every gateway does so, so that what a slower
// clock puts back goes too.
func (p *prices) drop(ctx context.Context, gone map[string]bool) map[string]bool {
	now := map[string]bool{}
	for _, id := range p.retired() {
		if gone[id] {
			now[id] = true
			continue
		}
		if err := p.Drop(ctx, id); err != nil {
			p.log.Warn("retention is over, but the prices cannot be removed yet", "event", id, "error", err)
			continue
		}
		now[id] = true
		p.log.Info("retention is over: prices and ledger removed", "event", id)
	}
	return now
}

// forget takes the prices of deleted events off the disk, or they would be put back
// for another event of that name when the store has long forgotten them. In the store
// they lapse with the line, whose passes name them. What a round that is under way
// keeps once more, the next sweep finds.
func (p *prices) forget() {
	for _, id := range p.deleted() {
		p.memories.Keep(id, nil)
	}
}

func retired(rooms *room.Keeper) []string {
	var ids []string
	for _, r := range rooms.Rooms() {
		if v := r.View(); v.Retired {
			ids = append(ids, v.Event.ID)
		}
	}
	return ids
}

// probe names the files whose rules are not in force.
func (p *prices) probe(context.Context) []ops.Finding {
	p.mu.Lock()
	defer p.mu.Unlock()
	var findings []ops.Finding
	for _, file := range sortedKeys(p.undone) {
		findings = append(findings, ops.Finding{
			Name: "price_rules_not_in_force", Severity: ops.Warning, Detail: file + ": " + p.undone[file].Error(),
		})
	}
	return findings
}
