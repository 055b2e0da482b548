package upstream

import (
	"context"
	"time"
)

// Found is an instance as a source knows it.
type Found struct {
	ID        string    // for tables, logs and operators; empty: host and port
	Address   string    // "http://10.0.0.7:8080": scheme, host and port
	Weight    int       // 0 means 1
	Heartbeat time.Time // when it was last heard; zero: the source does not know
}

// Told is all that a source knows.
type Told struct {
	Instances []Found
	Drained   []string // ids of instances, whichever source they come from, that an operator drains
}

// Source knows instances of a pool.
type Source interface {
	// Watch tells all that the source knows, at first and whenever that may have
	// changed, until ctx ends. What it cannot find out it does not tell: the pool
	// keeps what it was told last. tell may be called from one goroutine at a time
	// and does not block.
	Watch(ctx context.Context, tell func(Told))
}

// fixed are the instances of the operator's file. A pool hears them before it
// serves anybody.
type fixed []Found

func (f fixed) Watch(_ context.Context, tell func(Told)) { tell(Told{Instances: f}) }
