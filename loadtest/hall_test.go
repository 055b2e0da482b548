package loadtest

import (
	"context"
	"net"
)

// hall is a listener that is reached in this process alone.
type hall struct {
	callers chan net.Conn
	closed  chan struct{}
}

func (h hall) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case h.callers <- there:
		return here, nil
	case <-h.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h hall) Accept() (net.Conn, error) {
	select {
	case c := <-h.callers:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h hall) Close() error   { close(h.closed); return nil }
func (h hall) Addr() net.Addr { return &net.TCPAddr{} }
