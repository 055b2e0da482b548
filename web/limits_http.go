package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// headerTimeout ends a connection that sends its headers by the drop.
	headerTimeout = 10 * time.Second
	// idleTimeout is above the 60 s at which common balancers let go of a
	// connection, so that they never meet one that was just closed.
	idleTimeout = 75 * time.Second
	// maxHeader bounds request line and headers together, cookies included.
	maxHeader = 32 << 10 // bytes

	// maxOwnBody bounds what visitors post to the gateway's own routes.
	maxOwnBody = 4 << 10 // bytes
	// ownBodyTimeout ends a body that comes by the drop; 4 kB need no longer.
	ownBodyTimeout = 10 * time.Second
)

// harden sets the bounds of a server that faces visitors. Our own answers are
// small, so one deadline is over each whole. What goes to the shop and back may
// be large and long, a stream or a WebSocket: there pace bounds every piece.
func harden(s *http.Server) *http.Server {
	s.ReadHeaderTimeout = headerTimeout
	s.WriteTimeout = readerPatience
	s.IdleTimeout = idleTimeout
	s.MaxHeaderBytes = maxHeader
	// "OPTIONS *" and all other requests meet the gate, not net/http's own answer.
	s.DisableGeneralOptionsHandler = true
	return s
}

// errBodyTooLarge and errBodyUnread say why readOwnBody failed: 413 and 400.
var (
	errBodyTooLarge = errors.New("the body is too large")
	errBodyUnread   = errors.New("the body could not be read")
)

// boundBody gives the whole body of a request until ownBodyTimeout from now. The
// deadline stays: a body that nobody reads, or that broke off, is otherwise
// awaited by net/http before it answers, for as long as the visitor likes.
func boundBody(w http.ResponseWriter, r *http.Request, now time.Time) {
	if r.ContentLength != 0 && r.Body != nil {
		_ = http.NewResponseController(w).SetReadDeadline(now.Add(ownBodyTimeout)) // a test's recorder has none
	}
}

// readOwnBody reads the small body of one of the gateway's own routes whole, in
// bounded memory and time. A request without one reads as empty.
func readOwnBody(w http.ResponseWriter, r *http.Request, now time.Time) ([]byte, error) {
	if r.ContentLength == 0 || r.Body == nil {
		return nil, nil
	}
	if r.ContentLength > maxOwnBody {
		return nil, errBodyTooLarge
	}
	boundBody(w, r, now)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOwnBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errBodyTooLarge
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errBodyUnread, err)
	}
	return body, nil
}
