package room

import (
	"slices"
	"sync"
	"time"

	"github.com/bilten/rushgate/queue"
)

// DefaultWindow is how long a room calls nobody after a loss: two polls of those
// who stand far behind, and their jitter.
const DefaultWindow = 45 * time.Second

// Memories keep what a gateway remembers of its rooms beyond its own life.
type Memories interface {
	// Recall returns what was kept of an event's room; the zero value if nothing was.
	Recall(event string) queue.Remembered
	// Keep is told after every tick. It does not hold up its caller for long.
	Keep(event string, m queue.Remembered)
}

// memory is what this gateway remembers of a room: what the store said last, and
// what it has learnt from answers and passes since.
type memory struct {
	mu     sync.Mutex
	now    queue.Remembered
	parked int64 // since when passes without a number were given; 0: none were since the last tick
	held   bool  // somebody had a place when the room was last seen
}

// recall is what to tell the store. A room in which nobody had a place need not
// wait for anybody.
func (m *memory) recall(window time.Duration) queue.Remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	told := m.now
	told.Lines = slices.Clone(m.now.Lines)
	told.Parked = m.parked
	if m.held || told.Generation == 0 {
		told.Window = window.Milliseconds()
	}
	return told
}

// after takes in a snapshot that answered what was told.
func (m *memory) after(s queue.Snapshot, told queue.Remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.After(s)
	m.now.Window, m.now.Parked = 0, 0
	m.held = s.Waiting() > 0 || s.Called > 0 || s.Lapsed > 0 || s.Restoring > 0
	if m.parked == told.Parked {
		m.parked = 0
	}
}

func (m *memory) park(at int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.parked == 0 {
		m.parked = max(1, at)
	}
}

func (m *memory) numbered(line string, generation uint64, number int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if generation != m.now.Generation {
		return
	}
	m.held = true
	for i := range m.now.Lines {
		if l := &m.now.Lines[i]; l.Name == line {
			l.Issued = max(l.Issued, number)
		}
	}
}

// gave notes a session that no tick may have told of yet.
func (m *memory) gave(id queue.SessionID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id.Generation == m.now.Generation {
		m.now.Admitted = max(m.now.Admitted, id.Number)
	}
}

// learn takes a pass for a memory of the room; false if it says nothing new.
func (m *memory) learn(generation uint64, line string, number, joinedAt int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.Contains(m.now.Roots, queue.Root(generation)) {
		return false
	}
	m.now = queue.Remembered{
		Generation: generation, At: joinedAt, Roots: append([]uint32{queue.Root(generation)}, m.now.Roots...),
		Lines: []queue.RememberedLine{{Name: line, Issued: number}},
	}
	m.now.Roots = m.now.Roots[:min(len(m.now.Roots), queue.MaxRoots)]
	m.held = true
	return true
}
