package upstream

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// Reason names why an exchange failed. It is what may be shown, counted and
// logged; the cause behind it holds addresses.
type Reason string

const (
	Busy        Reason = "upstream_busy"        // the pool has as many requests as it may have
	Unreachable Reason = "upstream_unreachable" // no connection, or no instance to connect to
	Timeout     Reason = "upstream_timeout"     // no connection or no answer in time
	Broken      Reason = "upstream_broken"      // the instance broke off, or answered something that is not HTTP
	VisitorGone Reason = "visitor_gone"         // nobody is there to read an answer
	BadRequest  Reason = "bad_request"          // the visitor's body could not be read
	Closing     Reason = "gateway_closing"      // no new upgraded connections: the gateway is going away
)

// Error is a failed exchange. Pool and Reason are its public half; Err, and so
// Error(), is for the log alone: it names addresses.
type Error struct {
	Pool   string
	Reason Reason
	Err    error // nil when there is no more to say
}

func (e *Error) Error() string {
	text := "pool " + e.Pool + ": " + string(e.Reason)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// StatusClientClosedRequest is nginx's status for a visitor who left; nobody
// reads it, but logs and counters know it.
const StatusClientClosedRequest = 499

// Status is the HTTP status that tells a visitor about the failure.
func (e *Error) Status() int {
	switch e.Reason {
	case Busy, Closing, Unreachable:
		return http.StatusServiceUnavailable
	case Timeout:
		return http.StatusGatewayTimeout
	case VisitorGone:
		return StatusClientClosedRequest
	case BadRequest:
		var tooLarge *http.MaxBytesError
		if errors.As(e.Err, &tooLarge) {
			return http.StatusRequestEntityTooLarge
		}
		return http.StatusBadRequest
	default:
		return http.StatusBadGateway
	}
}

var errUnaskedUpgrade = errors.New("the instance switched protocols unasked")

func reasonFor(ctx context.Context, err error) Reason {
	var netErr net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return VisitorGone
	case errors.As(err, &netErr) && netErr.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case unreached(err):
		return Unreachable
	default:
		return Broken
	}
}
