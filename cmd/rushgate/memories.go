package main

import (
	"encoding/json"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/bilten/rushgate/datadir"
	"github.com/bilten/rushgate/queue"
)

// memories keeps what this gateway remembers of each room in its data directory,
// so that it still knows after a restart how far the lines had come. Without a
// directory it keeps nothing. What is lost with a gateway that dies before the disk
// has it, other gateways and the passes know.
type memories struct {
	kept remembrance
	log  *slog.Logger

	mu   sync.Mutex
	last map[string]queue.Remembered // by event, as it was kept
}

func newMemories(kept remembrance, log *slog.Logger) *memories {
	return &memories{kept: kept, log: log, last: map[string]queue.Remembered{}}
}

func memoryFile(event string) string { return "room-" + event + ".json" }

// Recall is room.Memories'.
func (m *memories) Recall(event string) queue.Remembered {
	name := memoryFile(event)
	data := m.kept.outbox.Read(name)
	if len(data) == 0 {
		return queue.Remembered{}
	}
	var known queue.Remembered
	err := json.Unmarshal(data, &known)
	if err == nil {
		err = known.Validate()
	}
	if err == nil {
		return known
	}
	aside, _ := m.kept.dir.SetAside(name)
	m.log.Error("what was remembered of a room is damaged: set aside", "event", event, "file", aside, "error", err)
	return queue.Remembered{}
}

// Keep is room.Memories'.
func (m *memories) Keep(event string, known queue.Remembered) {
	if m.kept.dir == nil {
		return
	}
	known.Cursor, known.Parked, known.Window = "", 0, 0 // of this process alone
	m.mu.Lock()
	defer m.mu.Unlock()
	if sameRoom(m.last[event], known) {
		return
	}
	if data, err := json.Marshal(known); err == nil {
		m.last[event] = known
		m.kept.outbox.Put(memoryFile(event), data)
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

// priceMemories keep what was published in the data directory, so that nothing
// that was shown is forgotten with Redis and all gateways.
type priceMemories struct{ *datadir.Outbox }

func priceFileName(eventID string) string { return "prices-" + eventID + ".json" }

// Recall is board.Memories'.
func (m priceMemories) Recall(eventID string) []byte { return m.Read(priceFileName(eventID)) }

// Keep is board.Memories'.
func (m priceMemories) Keep(eventID string, data []byte) { m.Put(priceFileName(eventID), data) }
