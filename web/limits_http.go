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

// harden sets the bounds of a server that faces visitors. There is no timeout
// over a whole request or answer: uploads, streams and WebSockets go through
// here, and the shop bounds its own.
func harden(s *http.Server) *http.Server {
	s.ReadHeaderTimeout = headerTimeout
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

// readOwnBody reads the small body of one of the gateway's own routes whole, in
// bounded memory and time. A request without one reads as empty.
func readOwnBody(w http.ResponseWriter, r *http.Request, now time.Time) ([]byte, error) {
	if r.ContentLength == 0 || r.Body == nil {
		return nil, nil
	}
	if r.ContentLength > maxOwnBody {
		return nil, errBodyTooLarge
	}
	control := http.NewResponseController(w)
	// A writer without deadlines (HTTP/2 has them, a test's recorder doesn't) is
	// bounded in memory all the same.
	if control.SetReadDeadline(now.Add(ownBodyTimeout)) == nil {
		defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	}
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
