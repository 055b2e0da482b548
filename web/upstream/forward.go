package upstream

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
)

// Exchange is what the gateway adds to one request. Everything else goes
// upstream as the visitor sent it, hop-by-hop headers and any forwarding headers
// left out.
type Exchange struct {
	// Path is the canonical path, escaped, exactly as it goes on the wire. The
	// query follows untouched.
	Path string
	// Host, Proto and For become X-Forwarded-Host, X-Forwarded-Proto and
	// X-Forwarded-For; an empty one is not sent. Host is also the Host of a pool
	// that preserves it.
	Host  string
	Proto string
	For   string
	// Request, if set, edits the headers that go upstream: a copy, without
	// hop-by-hop headers. The X-Forwarded headers are set after it.
	Request func(http.Header)
	// Answer, if set, sees the instance's answer before the visitor does and may
	// change it: this is where cookies and headers for the visitor are added (what
	// was set on the ResponseWriter before is lost when an instance sends an
	// informational answer first). An error ends the exchange and is what Forward
	// returns; nothing was written to the visitor then.
	Answer func(*http.Response) error
	// Welcome, if set, is asked now and then whether an upgraded connection may go
	// on; when it may not, the visitor is told 1008, policy violation. An answer
	// that has begun is always finished.
	Welcome func() bool
}

// Forward sends r to an instance and its answer to w. It returns once the
// answer is complete or, for an upgraded connection, once that is closed.
//
// It returns an [*Error] if the exchange failed before anything was written to
// w, so that the caller can still answer. An answer that breaks off in the
// middle panics with [http.ErrAbortHandler], which closes the visitor's
// connection: a shortened answer must not look like a whole one.
func (p *Pool) Forward(w http.ResponseWriter, r *http.Request, x Exchange) error {
	decoded, err := url.PathUnescape(x.Path)
	if err != nil || !strings.HasPrefix(x.Path, "/") {
		return &Error{Pool: p.name, Reason: BadRequest, Err: fmt.Errorf("path %q is not canonical", x.Path)}
	}
	slot := &p.inFlight
	socket := websocket(r.Header)
	if socket {
		if p.sockets.isClosing() {
			return &Error{Pool: p.name, Reason: Closing}
		}
		slot = &p.socketSlots
	}
	if !slot.take() {
		return &Error{Pool: p.name, Reason: Busy}
	}
	defer slot.release()

	c := call{pool: p, exchange: x, decodedPath: decoded}
	defer c.leave()
	if socket {
		c.upgrade = &upgrade{ResponseWriter: w, sockets: &p.sockets, welcome: x.Welcome}
		defer c.upgrade.forget()
		w = c.upgrade
	}
	if r.ContentLength != 0 && r.Body != nil {
		r = r.WithContext(r.Context()) // the caller's request keeps its own body
		c.body = &visitorBody{ReadCloser: r.Body, now: p.roll.now}
		r.Body = c.body
	}
	// A proxy per request costs one small allocation and spares carrying the
	// exchange through the request's context.
	proxy := httputil.ReverseProxy{
		Rewrite:        c.rewrite,
		Transport:      &c,
		ModifyResponse: c.answered,
		ErrorHandler:   c.failed,
		BufferPool:     buffers{},
		ErrorLog:       silent,
	}
	proxy.ServeHTTP(w, r)
	return c.err
}

// call is one request on its way.
type call struct {
	pool        *Pool
	exchange    Exchange
	decodedPath string
	body        *visitorBody // nil without a body
	upgrade     *upgrade     // nil unless the visitor asks for a WebSocket
	tried       tried
	at          *instance // whose answer it is
	err         error
}

func (c *call) rewrite(r *httputil.ProxyRequest) {
	x := &c.exchange
	// The URL is given anew: path as matched, query byte for byte (the proxy's
	// own clean-up would drop and reorder parameters that are the shop's business).
	r.Out.URL = &url.URL{
		Path:       c.decodedPath,
		RawPath:    x.Path,
		RawQuery:   r.In.URL.RawQuery,
		ForceQuery: r.In.URL.ForceQuery,
	}
	r.Out.Host = ""
	if c.pool.preserveHost {
		r.Out.Host = x.Host
	}
	// Trailers are read after the headers were judged; nothing may come in by
	// that door.
	r.Out.Trailer = nil
	if c.body != nil {
		r.Out.GetBody = c.body.copy
	}
	h := r.Out.Header
	if !websocket(r.In.Header) { // any other upgrade, h2c above all, would be a tunnel past the gate
		h.Del("Connection")
		h.Del("Upgrade")
	}
	h.Del("Http2-Settings")
	if x.Request != nil {
		x.Request(h)
	}
	setHeader(h, "X-Forwarded-Host", x.Host)
	setHeader(h, "X-Forwarded-Proto", x.Proto)
	setHeader(h, "X-Forwarded-For", x.For)
}

// setHeader takes a canonical name.
func setHeader(h http.Header, name, value string) {
	if value != "" {
		h[name] = []string{value}
	}
}

// answered passes the answer to the exchange. An error makes the proxy close the
// connection to the instance, which it would leave open after an upgrade that
// nobody asked for.
func (c *call) answered(answer *http.Response) error {
	if answer.StatusCode == http.StatusSwitchingProtocols && (c.upgrade == nil || !websocket(answer.Header)) {
		c.err = &Error{Pool: c.pool.name, Reason: Broken, Err: errUnaskedUpgrade}
	} else if c.exchange.Answer != nil {
		c.err = c.exchange.Answer(answer)
	}
	return c.err
}

// failed keeps what the proxy reports instead of answering.
func (c *call) failed(_ http.ResponseWriter, r *http.Request, err error) {
	switch {
	case c.err != nil: // from answered
	case c.upgrade != nil && c.upgrade.hijacked: // the visitor left while the connection was handed over
	default:
		c.err = c.explain(r.Context(), err)
	}
}

// explain names the reason of a failure. What went wrong with the visitor's body
// is the visitor's doing, whatever the transport made of it.
func (c *call) explain(ctx context.Context, err error) *Error {
	e := &Error{Pool: c.pool.name, Reason: reasonFor(ctx, err), Err: err}
	if c.body != nil && e.Reason != VisitorGone {
		if failure := c.body.failure.Load(); failure != nil {
			e.Reason, e.Err = BadRequest, *failure
		}
	}
	return e
}

// buffers lends the copying of bodies its memory.
type buffers struct{}

const bufferSize = 32 << 10

var bufferPool = sync.Pool{New: func() any { return new([bufferSize]byte) }}

func (buffers) Get() []byte  { return bufferPool.Get().(*[bufferSize]byte)[:] }
func (buffers) Put(b []byte) { bufferPool.Put((*[bufferSize]byte)(b)) }

// websocket reports whether headers speak of the only upgrade that is passed on.
func websocket(h http.Header) bool {
	if len(h["Upgrade"]) != 1 || !strings.EqualFold(h["Upgrade"][0], "websocket") {
		return false
	}
	for _, line := range h["Connection"] {
		for option := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(option), "upgrade") {
				return true
			}
		}
	}
	return false
}

// upgrade notices when the proxy takes over the visitor's connection.
type upgrade struct {
	http.ResponseWriter
	sockets  *sockets
	welcome  func() bool
	at       *instance // the other end
	socket   *socket
	hijacked bool
}

func (u *upgrade) Unwrap() http.ResponseWriter { return u.ResponseWriter }

func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	u.hijacked = true
	if u.socket, err = u.sockets.open(conn, u.at); err != nil {
		return nil, nil, err
	}
	if u.welcome != nil {
		go u.socket.guard(u.welcome)
	}
	return u.socket, rw, nil
}

// forget ends what watches over the connection.
func (u *upgrade) forget() {
	if u.socket != nil {
		_ = u.socket.Close()
	}
}
