package datadir

import (
	"context"
	"sync"
	"time"
)

// writeEvery is how often an outbox is emptied. What is lost with a process that
// dies in between, its files must be able to miss.
const writeEvery = time.Second

// Outbox holds what a file is to be until the disk gets it, so that nobody waits
// for a disk. Of what is put under one name the last counts. Its methods may be
// called by many goroutines.
type Outbox struct {
	dir *Dir

	mu      sync.Mutex
	due     map[string][]byte // by name; nil: the file is to go
	writing map[string][]byte // on its way to the disk
}

// NewOutbox returns an empty one; Run makes it work. Without a directory it keeps
// nothing.
func NewOutbox(dir *Dir) *Outbox { return &Outbox{dir: dir, due: map[string][]byte{}} }

// Put makes data the file's content, within a second or so; nil removes the file.
// Nobody may change data after that.
func (o *Outbox) Put(name string, data []byte) {
	if o.dir == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.due[name] = data
}

// Read returns what was put last, by an earlier process if none of this one did;
// nil if there is nothing, or nothing that can be read.
func (o *Outbox) Read(name string) []byte {
	if o.dir == nil {
		return nil
	}
	if data, ok := o.pending(name); ok {
		return data
	}
	data, err := o.dir.Read(name)
	if err != nil {
		return nil
	}
	return data
}

func (o *Outbox) pending(name string) ([]byte, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if data, ok := o.due[name]; ok {
		return data, true
	}
	data, ok := o.writing[name]
	return data, ok
}

// Run brings to the disk what was put, until ctx ends, and once more then. A write
// that fails is not tried again before the next Put; Dir.Failing tells of it. It may be
// called once.
func (o *Outbox) Run(ctx context.Context) {
	ticker := time.NewTicker(writeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			o.empty()
		case <-ctx.Done():
			o.empty()
			return
		}
	}
}

func (o *Outbox) empty() {
	o.mu.Lock()
	due := o.due
	o.due, o.writing = map[string][]byte{}, due // which nobody changes any more
	o.mu.Unlock()
	for name, data := range due {
		if data == nil {
			_ = o.dir.Remove(name)
			continue
		}
		_ = o.dir.Write(name, data)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writing = nil
}
