package upstream

import (
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// keptBody is how much of a body is kept to be sent again, in bytes: a form with
// an order fits.
const keptBody = 16 << 10

// visitorBody remembers that reading failed: then it was the visitor, not the
// instance, who broke the exchange. It also keeps the beginning, so that a body
// can be sent again. The transport reads it in a goroutine of its own.
type visitorBody struct {
	io.ReadCloser
	failure atomic.Pointer[error]
	begun   atomic.Bool
	whole   atomic.Pointer[time.Time] // when all of it had been read; what stands below is settled then
	kept    []byte
	tooLong bool
	now     func() time.Time
}

func (b *visitorBody) Read(p []byte) (int, error) {
	b.begun.Store(true)
	n, err := b.ReadCloser.Read(p)
	if !b.tooLong {
		if b.tooLong = len(b.kept)+n > keptBody; b.tooLong {
			b.kept = nil
		} else {
			b.kept = append(b.kept, p[:n]...)
		}
	}
	switch {
	case err == io.EOF:
		now := b.now()
		b.whole.CompareAndSwap(nil, &now)
	case err != nil:
		b.failure.Store(&err)
	}
	return n, err
}

// untouched reports whether nobody has read from it.
func (b *visitorBody) untouched() bool { return !b.begun.Load() }

// replayable reports whether all of it can be sent again: nobody is reading any
// more, and nothing is missing.
func (b *visitorBody) replayable() bool {
	return b.untouched() || b.whole.Load() != nil && !b.tooLong
}

var errBodySpent = errors.New("the visitor's body cannot be sent again")

// again is the body for one attempt. The transport closes what it is given even
// if it could not send it; the visitor's own body stays open for the next one.
func (b *visitorBody) again() io.ReadCloser {
	if b.untouched() {
		return attemptBody{b}
	}
	return &replayedBody{rest: b.kept}
}

// copy is for net/http, which replaces a stale connection by itself.
func (b *visitorBody) copy() (io.ReadCloser, error) {
	if !b.replayable() {
		return nil, errBodySpent
	}
	return b.again(), nil
}

type attemptBody struct{ body *visitorBody }

func (a attemptBody) Read(p []byte) (int, error) { return a.body.Read(p) }
func (attemptBody) Close() error                 { return nil }

type replayedBody struct{ rest []byte }

func (r *replayedBody) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (*replayedBody) Close() error { return nil }
