package loadtest

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// wire is a bounded pool of keep-alive connections to one gateway. It writes
// and reads HTTP/1.1 itself: net/http's client costs a goroutine switch more
// for every request, and on a machine that the crowd shares with what it tests
// that is the difference between a load and a measurement of oneself.
type wire struct {
	endpoint
	clock   clock
	idle    chan *connection // as many as may be open; nil: not dialled yet
	dialled atomic.Int64
}

type connection struct {
	net.Conn
	reader *bufio.Reader
}

// patience is how long a visitor waits for an answer, and a dial for a gateway.
const patience = 15 * time.Second

// maxAnswer is more than any page of ours.
const maxAnswer = 1 << 20

// newWire connects to nothing yet.
func newWire(to endpoint, connections int, c clock) *wire {
	w := &wire{endpoint: to, clock: c, idle: make(chan *connection, connections)}
	for range connections {
		w.idle <- nil
	}
	return w
}

// answer is a response, and when it happened.
type answer struct {
	status         int
	header         http.Header
	body           []byte
	gateway        string
	asked          int64 // when the visitor wanted to send it, in the history's microseconds
	sent, answered int64
	first          int64 // when it was first sent, if it was sent again; else sent
	again          bool  // a connection had broken without an answer, so it was sent again
	since          int64 // when the first attempt was sent, if others got no answer; else sent
}

// exchange sends one request and reads the answer. A connection that the server
// had closed while it was idle is replaced once, silently, as browsers do.
func (w *wire) exchange(ctx context.Context, request []byte) (answer, error) {
	a := answer{gateway: w.address, asked: w.clock.now()}
	c, err := w.take(ctx)
	if err != nil {
		return a, err
	}
	reused := c != nil
	for {
		if c == nil {
			if c, err = w.dial(ctx); err != nil {
				w.idle <- nil
				return a, err
			}
		}
		a.sent = w.clock.now()
		if a.first == 0 {
			a.first = a.sent
		}
		keep, silent, err := c.talk(request, &a)
		a.answered = w.clock.now()
		if err == nil && keep {
			w.idle <- c
			return a, nil
		}
		_ = c.Close()
		c = nil
		if err != nil && silent && reused {
			reused, a.again = false, true
			continue
		}
		w.idle <- nil
		return a, err
	}
}

// abandon sends one request and hangs up without reading the answer.
func (w *wire) abandon(ctx context.Context, request []byte) (sent int64, err error) {
	c, err := w.take(ctx)
	if err != nil {
		return w.clock.now(), err
	}
	defer func() { w.idle <- nil }()
	if c == nil {
		if c, err = w.dial(ctx); err != nil {
			return w.clock.now(), err
		}
	}
	sent = w.clock.now()
	_, err = c.Write(request)
	_ = c.Close()
	return sent, err
}

func (w *wire) take(ctx context.Context) (*connection, error) {
	select {
	case c := <-w.idle:
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *wire) dial(ctx context.Context) (*connection, error) {
	w.dialled.Add(1)
	c, err := w.endpoint.dial(ctx)
	if err != nil {
		return nil, err
	}
	return &connection{c, bufio.NewReaderSize(c, 4096)}, nil
}

// talk says in silent that not a byte of an answer came.
func (c *connection) talk(request []byte, a *answer) (keep, silent bool, err error) {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return false, true, err
	}
	if _, err := c.Write(request); err != nil {
		return false, true, err
	}
	if _, err := c.reader.Peek(1); err != nil {
		return false, true, err
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return false, false, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return false, false, err
	}
	a.status, a.header, a.body = response.StatusCode, response.Header, body
	return !response.Close, false, response.Body.Close()
}

// close hangs up every connection that is not in use.
func (w *wire) close() {
	for range cap(w.idle) {
		select {
		case c := <-w.idle:
			if c != nil {
				_ = c.Close()
			}
		default:
			return
		}
	}
}
