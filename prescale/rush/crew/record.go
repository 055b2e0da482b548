package crew

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/prescale/rush"
)

// met is a rush as it was found.
type met struct {
	version int64
	data    []byte
	state   rush.State
	now     time.Time // the store's
}

// meet reads an event's rush. What the store has lost since this gateway last
// saw it, it puts back first: a rush that was cancelled must not begin anew.
func (k *Keeper) meet(ctx context.Context, id string) (met, error) {
	bounded, cancel := context.WithTimeout(ctx, meetBound)
	defer cancel()
	record, err := k.config.Store.Meet(bounded, key(id), k.config.Member, nil, 0)
	if err != nil {
		return met{}, err
	}
	if held := k.held(id); held.version > record.Version {
		m, err := k.store(ctx, id, met{version: record.Version, now: record.Now}, held.state, held.data)
		if err == nil {
			k.config.Log.Warn("the store had lost a rush: put back from what this gateway knew", "event", id)
		}
		return m, err
	}
	m := met{version: record.Version, data: record.Data, now: record.Now}
	if record.Version > 0 {
		if err := json.Unmarshal(record.Data, &m.state); err != nil {
			return met{}, fmt.Errorf("read the rush of %s: %w", id, err)
		}
	}
	k.hold(id, m)
	return m, nil
}

// swap brings next into force, if it differs from what was met.
func (k *Keeper) swap(ctx context.Context, id string, m met, next rush.State) (met, error) {
	data := encode(next)
	if bytes.Equal(data, m.data) || m.version == 0 && bytes.Equal(data, encode(rush.State{})) {
		return m, nil
	}
	return k.store(ctx, id, m, next, data)
}

func (k *Keeper) store(ctx context.Context, id string, m met, next rush.State, data []byte) (met, error) {
	notes := rush.Notes(m.state, next, m.now)
	entries := make([][]byte, len(notes))
	for i, note := range notes {
		entries[i] = encode(note)
	}
	version, err := swapOnce(ctx, k.config.Store, key(id), m.version, data, entries...)
	if err != nil {
		return met{}, err
	}
	after := met{version: version, data: data, state: next, now: m.now}
	k.hold(id, after)
	for _, note := range notes {
		k.config.Log.Info("rush", "event", id, "what", note.What, "is", note.Is, "by", note.By, "reason", note.Reason)
	}
	return after, nil
}

// swapOnce takes a swap for done that was carried out although its answer was
// lost: what stands there then is to the byte what was to stand there.
func swapOnce(ctx context.Context, store accord.Store, key string, version int64, data []byte, entries ...[]byte) (int64, error) {
	bounded, cancel := context.WithTimeout(ctx, meetBound)
	defer cancel()
	next, err := store.Swap(bounded, key, version, data, entries...)
	if err == nil {
		return next, nil
	}
	if record, again := store.Meet(bounded, key, "", nil, 0); again == nil && record.Version > version && bytes.Equal(record.Data, data) {
		return record.Version, nil
	}
	return 0, err
}

// update changes a rush whatever others do to it meanwhile. change returns false
// for nothing to do.
func (k *Keeper) update(ctx context.Context, id string, change func(rush.State, time.Time) (rush.State, bool, error)) error {
	for range giveUp {
		m, err := k.meet(ctx, id)
		if err != nil {
			return err
		}
		next, wanted, err := change(m.state, m.now)
		if err != nil || !wanted {
			return err
		}
		if _, err = k.swap(ctx, id, m, next); !errors.Is(err, accord.ErrBeaten) {
			return err
		}
	}
	return fmt.Errorf("rush of %s: %w", id, accord.ErrBeaten)
}

// hold remembers the newest that was seen.
func (k *Keeper) hold(id string, m met) {
	k.mu.Lock()
	defer k.mu.Unlock()
	one, ok := k.known[id]
	if !ok {
		one = &known{}
		k.known[id] = one
	}
	if m.version >= one.version {
		one.version, one.data, one.state = m.version, m.data, m.state
	}
	k.metrics.show(id, one.state)
}

func (k *Keeper) held(id string) known {
	k.mu.Lock()
	defer k.mu.Unlock()
	if one, ok := k.known[id]; ok {
		return *one
	}
	return known{}
}
