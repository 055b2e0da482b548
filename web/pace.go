package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// bodyPatience is how long a visitor may keep the shop waiting for a body
	// beyond what slowestBody allows for.
	bodyPatience = 15 * time.Second
	// slowestBody is a third of what the slowest mobile networks carry.
	slowestBody = 500 // bytes per second
	// readerPatience is how long a visitor may take for 32 kB of an answer, the
	// most that is written at a time.
	readerPatience = 30 * time.Second
)

// errBodySlow says that a visitor sends a body by the drop.
var errBodySlow = errors.New("the body comes too slowly")

// waited is the patience that is left after a visitor kept us waiting and then
// sent n bytes: what waits costs, what comes pays.
func waited(left, wait time.Duration, n int) time.Duration {
	return min(bodyPatience, left-wait+time.Duration(n)*time.Second/slowestBody)
}

// pacedBody bounds how slowly a visitor may send what goes to the shop. Only the
// visitor's own slowness counts: while the shop takes its time, nobody waits here.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	now     func() time.Time
	left    time.Duration
	streams bool // HTTP/2: a deadline fires whether anybody reads or not
	slow    atomic.Bool

	mu     sync.Mutex
	closed bool // then the connection is another request's
}

func (b *pacedBody) Read(p []byte) (int, error) {
	begun := b.now()
	b.deadline(begun.Add(b.left))
	n, err := b.ReadCloser.Read(p)
	b.left = waited(b.left, b.now().Sub(begun), n)
	if b.streams || err == io.EOF {
		b.deadline(time.Time{})
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		b.slow.Store(true)
	}
	return n, err
}

func (b *pacedBody) deadline(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		_ = b.control.SetReadDeadline(at) // a recorder has none
	}
}

// Close leaves the last deadline standing: it bounds what the server does with
// the rest of the body.
func (b *pacedBody) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	return b.ReadCloser.Close()
}

// pacedWriter bounds how slowly a visitor may read what comes from the shop. It
// counts only while something is written: an answer may take its time.
type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	now     func() time.Time
	streams bool // HTTP/2: a deadline fires whether anybody writes or not
	set     time.Time
}

func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *pacedWriter) WriteHeader(status int) {
	w.hurry()
	w.ResponseWriter.WriteHeader(status)
	w.rest()
}

func (w *pacedWriter) Write(p []byte) (int, error) {
	w.hurry()
	n, err := w.ResponseWriter.Write(p)
	w.rest()
	return n, err
}

func (w *pacedWriter) FlushError() error {
	w.hurry()
	err := w.control.Flush()
	w.rest()
	return err
}

// hurry gives the visitor time for the next piece. Pieces that follow each other
// closely share a deadline.
func (w *pacedWriter) hurry() {
	if now := w.now(); w.streams || now.Sub(w.set) > time.Second {
		w.set = now
		_ = w.control.SetWriteDeadline(now.Add(readerPatience)) // a recorder has none
	}
}

// rest waits for the shop.
func (w *pacedWriter) rest() {
	if w.streams {
		_ = w.control.SetWriteDeadline(time.Time{})
	}
}

// pace bounds both ways of a request that goes to the shop. settle is for the
// end of the exchange: it gives what is still buffered a deadline of its own, and
// names a failure that was the visitor's slowness. (To net/http somebody who
// sends too slowly has left.)
func pace(w http.ResponseWriter, r *http.Request, now func() time.Time) (_ http.ResponseWriter, _ *http.Request, settle func(error) error) {
	control, streams := http.NewResponseController(w), r.ProtoMajor >= 2
	answer := &pacedWriter{ResponseWriter: w, control: control, now: now, streams: streams}
	answer.rest() // of the deadline over our own answers
	if r.ContentLength == 0 || r.Body == nil {
		return answer, r, func(err error) error { answer.hurry(); return err }
	}
	body := &pacedBody{ReadCloser: r.Body, control: control, now: now, left: bodyPatience, streams: streams}
	if streams {
		body.deadline(time.Time{})
	}
	r = r.WithContext(r.Context())
	r.Body = body
	return answer, r, func(err error) error {
		answer.hurry()
		if err != nil && body.slow.Load() {
			return errBodySlow
		}
		return err
	}
}
