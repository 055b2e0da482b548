package catalog

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Held is the catalog as it was last known. Nobody changes what is in it.
type Held struct {
	Revision  int64               `json:"revision"`
	Documents map[string]Document `json:"documents"` // by event id, deleted ones included
	// Good are documents of the API as they were when they could still be used,
	// of events whose document now cannot.
	Good map[string]Document `json:"good,omitempty"`
}

// Recall makes the catalog know what an earlier process knew. Call it before
// anything else. With its next use the backend gets back what it has lost of it.
func (c *Catalog) Recall(h Held) { c.known.recall(h) }

// Held is what the catalog knows, for whoever keeps it.
func (c *Catalog) Held() Held { return c.known.held() }

// Deleted are the ids of deleted events, for LogKept. No event is among them that has
// been made anew.
func (c *Catalog) Deleted() []string {
	var ids []string
	for id, d := range c.known.held().Documents {
		if d.Deleted {
			ids = append(ids, id)
		}
	}
	return ids
}

// Learned holds a token when Held has changed. It is for one reader.
func (c *Catalog) Learned() <-chan struct{} { return c.known.learned }

// PutBack counts the documents that the backend had lost and got back from here.
func (c *Catalog) PutBack() int64 { return c.known.restored.Load() }

// knowledge is what a process remembers of the catalog.
type knowledge struct {
	learned  chan struct{} // holds one
	restored atomic.Int64
	usable   func(id string, d Document) bool

	mu    sync.Mutex
	last  Held
	heard bool // from the backend, not only recalled
}

func newKnowledge(usable func(string, Document) bool) *knowledge {
	return &knowledge{learned: make(chan struct{}, 1), usable: usable}
}

func (k *knowledge) recall(h Held) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last, k.heard = h, false
}

func (k *knowledge) held() Held {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.last
}

// recalledOnly is what an earlier process knew, while the backend has not
// answered this one.
func (k *knowledge) recalledOnly() (Held, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.last, !k.heard && k.last.Revision > 0
}

// hold takes what the backend holds now. An answer that others overtook on its
// way is not taken.
func (k *knowledge) hold(documents map[string]Document, revision int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	first := !k.heard
	k.heard = true
	if revision < k.last.Revision || revision == k.last.Revision && !first {
		return
	}
	next := Held{Revision: revision, Documents: map[string]Document{}, Good: map[string]Document{}}
	for id, d := range documents {
		next.Documents[id] = d
		if good, needed := k.goodFor(id, d); needed {
			next.Good[id] = good
		}
	}
	k.last = next
	select {
	case k.learned <- struct{}{}:
	default: // there is a token already
	}
}

// goodFor is what stands in for a document that cannot be used.
func (k *knowledge) goodFor(id string, d Document) (good Document, needed bool) {
	if d.Owner != API && d.Owner != Unreadable || d.Owner == API && k.usable(id, d) {
		return Document{}, false
	}
	if good, needed = k.last.Good[id]; needed {
		return good, true
	}
	good = k.last.Documents[id]
	return good, good.Owner == API && k.usable(id, good)
}

// heldSchema is the version of what Encode writes.
const heldSchema = 1

// keptHeld is Held as it lies in a file.
type keptHeld struct {
	Schema int       `json:"schema"`
	SeenAt time.Time `json:"seen_at"` // when a gateway last went by it
	Held
}

// Encode is h for keeping, as it is known at a moment.
func (h Held) Encode(at time.Time) ([]byte, error) {
	data, err := json.Marshal(keptHeld{heldSchema, at, h})
	if err != nil {
		return nil, fmt.Errorf("encode the last good catalog: %w", err)
	}
	return data, nil
}

// DecodeHeld reads what Encode wrote. The error says why it cannot be used: it
// is damaged, of a newer schema, or so old that it would bring back events whose
// deletion nobody remembers any more.
func DecodeHeld(data []byte, now time.Time) (Held, error) {
	var version struct {
		Schema int `json:"schema"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return Held{}, fmt.Errorf("not readable: %w", err)
	}
	if version.Schema != heldSchema {
		return Held{}, fmt.Errorf("schema %d: this version reads %d", version.Schema, heldSchema)
	}
	var kept keptHeld
	if err := json.Unmarshal(data, &kept); err != nil {
		return Held{}, fmt.Errorf("not readable: %w", err)
	}
	if age := now.Sub(kept.SeenAt); age > LogKept {
		return Held{}, fmt.Errorf("last in use on %s: deletions are remembered for %d days only",
			kept.SeenAt.Format(time.DateOnly), LogKept/(24*time.Hour))
	}
	if kept.Revision <= 0 {
		return Held{}, fmt.Errorf("revision %d: want at least 1", kept.Revision)
	}
	return kept.Held, nil
}
