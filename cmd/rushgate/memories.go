package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"reflect"
	"sync"
	"time"

	"github.com/bilten/rushgate/datadir"
	"github.com/bilten/rushgate/queue"
)

// rememberEvery is how often what is remembered of the rooms goes to disk. What
// is lost with a gateway that dies in between, other gateways and the passes know.
const rememberEvery = time.Second

// memories keeps what this gateway remembers of each room in its data directory,
// so that it still knows after a restart how far the lines had come. Without a
// directory it keeps nothing.
type memories struct {
	dir *datadir.Dir
	log *slog.Logger

	mu      sync.Mutex
	changed map[string]queue.Remembered // by event, since they were written last
	written map[string]queue.Remembered
}

func newMemories(dir *datadir.Dir, log *slog.Logger) *memories {
	return &memories{dir: dir, log: log, changed: map[string]queue.Remembered{}, written: map[string]queue.Remembered{}}
}

func memoryFile(event string) string { return "room-" + event + ".json" }

// Recall is room.Memories'.
func (m *memories) Recall(event string) queue.Remembered {
	var known queue.Remembered
	if m.dir == nil {
		return known
	}
	name := memoryFile(event)
	data, err := m.dir.Read(name)
	if err != nil || len(data) == 0 {
		return known
	}
	if err := json.Unmarshal(data, &known); err == nil {
		err = known.Validate()
		if err == nil {
			return known
		}
	}
	aside, err := m.dir.SetAside(name)
	m.log.Error("what was remembered of a room is damaged: set aside", "event", event, "file", aside, "error", err)
	return queue.Remembered{}
}

// Keep is room.Memories'.
func (m *memories) Keep(event string, known queue.Remembered) {
	if m.dir == nil {
		return
	}
	known.Cursor, known.Parked, known.Window = "", 0, 0 // of this process alone
	m.mu.Lock()
	defer m.mu.Unlock()
	if !sameRoom(m.written[event], known) {
		m.changed[event] = known
	}
}

// idleWrite is how often a room in which nothing happens is written.
const idleWrite = time.Minute

// sameRoom says that nothing but time has passed between two memories, and not
// much of that.
func sameRoom(a, b queue.Remembered) bool {
	recent := b.At-a.At < idleWrite.Milliseconds()
	a.At, a.Seq = b.At, b.Seq
	return recent && reflect.DeepEqual(a, b)
}

// write brings the memories to disk until ctx ends, and once more then. A write
// that fails is counted and shown by the directory itself.
func (m *memories) write(ctx context.Context) {
	if m.dir == nil {
		return
	}
	ticker := time.NewTicker(rememberEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			m.flush()
		case <-ctx.Done():
			m.flush()
			return
		}
	}
}

func (m *memories) flush() {
	m.mu.Lock()
	due := m.changed
	m.changed = map[string]queue.Remembered{}
	maps.Copy(m.written, due)
	m.mu.Unlock()
	for event, known := range due {
		data, err := json.Marshal(known)
		if err == nil {
			_ = m.dir.Write(memoryFile(event), data) // the directory tells of it
		}
	}
}
