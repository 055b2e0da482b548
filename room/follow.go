package room

import (
	"context"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/event/catalog"
)

const (
	// followEvery is how often a gateway asks whether any event has changed.
	// With a tick it is what a control takes to come into force.
	followEvery = 300 * time.Millisecond

	followTimeout = time.Second
	dropTimeout   = 5 * time.Second
)

// follower is what Run alone touches.
type follower struct {
	revision int64
	routes   *event.Routes
	records  map[string]catalog.Record // the last good ones
	kept     map[string]*kept
	failing  bool // the catalog, when last asked
	running  sync.WaitGroup
}

// kept is a room in this gateway's care.
type kept struct {
	room    *Room
	retired bool
	dropped bool               // retired, and the store has nothing of it any more
	stop    context.CancelFunc // nil: it has no loop
	skew    time.Duration      // the store's clock less this one's, as a view showed last
}

// expired goes by the store's clock, once that is known: a room is removed for
// all gateways, whatever the time is on this one.
func (have *kept) expired(e event.Event, local time.Time) bool {
	if have == nil {
		return false
	}
	if !have.retired {
		v := have.room.View()
		if v.Seen.IsZero() {
			return false
		}
		have.skew = v.Skew
	}
	return e.Expired(local.Add(have.skew))
}

// Run follows the catalog and ticks the rooms until ctx ends; it returns nil
// then. A catalog that fails leaves everything as it was. Run may be called once.
func (k *Keeper) Run(ctx context.Context) error {
	defer k.running.Wait()
	timer := time.NewTimer(followEvery)
	defer timer.Stop()
	for {
		changed, err := k.follow(ctx)
		if ctx.Err() != nil {
			return nil
		}
		k.report(err)
		if k.records != nil {
			k.arrange(ctx, changed)
			k.drop(ctx)
		}
		timer.Reset(followEvery)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// follow reads the catalog if it has changed.
func (k *Keeper) follow(ctx context.Context) (changed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	revision, err := k.catalog.Revision(ctx)
	if err != nil || revision == k.revision {
		return false, err
	}
	view, err := k.catalog.All(ctx)
	if err != nil {
		return false, err
	}
	records := map[string]catalog.Record{}
	var events []event.Event
	for _, record := range view.Records {
		records[record.Event.ID] = record
		events = append(events, record.Event)
	}
	routes, err := event.NewRoutes(events)
	if err != nil {
		return false, err
	}
	for _, problem := range view.Problems {
		k.house.log.Error("part of the catalog is not in force", "revision", view.Revision, "problem", problem)
		last, known := k.records[problem.Event]
		if _, fits := records[problem.Event]; fits || !known {
			continue
		}
		// A definition that this gateway cannot read, such as a newer one's, must
		// not open the shop behind it: the last one stays, unless another event
		// has its routes now.
		if wider, err := event.NewRoutes(append(events, last.Event)); err == nil {
			routes, events, records[problem.Event] = wider, append(events, last.Event), last
		}
	}
	k.revision, k.records, k.routes = view.Revision, records, routes
	return true, nil
}

// report counts failures, and logs when they begin and end.
func (k *Keeper) report(err error) {
	if err != nil {
		k.house.metrics.catalogErrors.Inc()
	}
	switch failing := err != nil; {
	case failing && !k.failing:
		k.house.log.Error("catalog of events cannot be read: going on with what was last known", "error", err)
	case !failing && k.failing:
		k.house.log.Info("catalog of events can be read again", "revision", k.revision)
	}
	k.failing = err != nil
}

// arrange makes the rooms what the records say at this moment.
func (k *Keeper) arrange(ctx context.Context, changed bool) {
	now := k.house.now()
	for id, record := range k.records {
		have := k.kept[id]
		retired := have.expired(record.Event, now)
		revive := have.broken() && have.room.record.Load().Version != record.Version
		if have != nil && have.retired == retired && !revive {
			have.room.update(record)
			continue
		}
		have.close()
		next := k.open(ctx, record, retired)
		if have != nil {
			next.skew = have.skew
		}
		k.kept[id], changed = next, true
	}
	if !changed {
		return
	}
	rooms := map[string]*Room{}
	for id, have := range k.kept {
		if _, still := k.records[id]; !still {
			have.close()
			delete(k.kept, id)
			k.house.log.Info("event has left the catalog: room no longer ticked", "event", id)
			continue
		}
		rooms[id] = have.room
	}
	k.table.Store(&table{routes: k.routes, rooms: rooms})
}

func (k *Keeper) open(ctx context.Context, record catalog.Record, retired bool) *kept {
	have := &kept{room: newRoom(k.house, record, retired), retired: retired}
	if retired {
		return have
	}
	ctx, have.stop = context.WithCancel(ctx)
	k.running.Go(func() {
		defer k.quarantine(record.Event.ID)
		have.room.run(ctx)
	})
	return have
}

// quarantine keeps the panic of one event's room from the others. The room has
// no loop after it and is on hold: its routes stay protected, nobody new comes
// in, and its next version gets a new loop.
func (k *Keeper) quarantine(eventID string) {
	if why := recover(); why != nil {
		k.house.metrics.quarantined.Inc()
		k.house.log.Error("room quarantined: its event cannot be served", "event", eventID, "panic", why, "stack", string(debug.Stack()))
	}
}

// broken says that the room's loop ended by itself.
func (have *kept) broken() bool {
	if have == nil || have.retired {
		return false
	}
	select {
	case <-have.room.loop.over:
		return true
	default:
		return false
	}
}

// close ends a room's loop and returns when it has ended: nothing makes the
// room anew after that.
func (have *kept) close() {
	if have == nil || have.stop == nil {
		return
	}
	have.stop()
	<-have.room.loop.over
}

// drop removes retired rooms from the store. Every gateway does, so that what a
// slower clock made anew goes too.
func (k *Keeper) drop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, dropTimeout)
	defer cancel()
	for _, id := range slices.Sorted(maps.Keys(k.kept)) {
		have := k.kept[id]
		if !have.retired || have.dropped {
			continue
		}
		log := k.house.log.With("event", id)
		if err := k.house.store.Drop(ctx, id); err != nil {
			log.Warn("retention is over, but the room cannot be removed yet", "error", err)
			return
		}
		have.dropped = true
		log.Info("retention is over: room removed", "ended", k.records[id].Event.Room.EventEndTime)
	}
}
