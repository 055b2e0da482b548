package upstream

import (
	"errors"
	"net"
	"sync"
	"time"
)

// WebSocket close frames (RFC 6455, 5.5.1, 7.4.1).
var (
	goingAway = []byte{0x88, 0x02, 0x03, 0xe9} // 1001
	unwelcome = []byte{0x88, 0x02, 0x03, 0xf0} // 1008, policy violation
)

// guardEvery is how soon a connection ends once it is not welcome any more.
const guardEvery = time.Second

// farewell bounds how long one slow reader may hold up the end of the others.
const farewell = 100 * time.Millisecond

var errClosing = errors.New("the gateway is closing")

// sockets knows every upgraded connection, because http.Server does not.
// The zero value is ready.
type sockets struct {
	mu      sync.Mutex
	members map[*socket]struct{}
	closing bool
}

// open registers conn; it closes and refuses it when the end has begun.
func (s *sockets) open(conn net.Conn, at *instance) (*socket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		conn.Close()
		return nil, errClosing
	}
	if s.members == nil {
		s.members = make(map[*socket]struct{})
	}
	member := &socket{Conn: conn, sockets: s, at: at, gone: make(chan struct{})}
	s.members[member] = struct{}{}
	return member, nil
}

func (s *sockets) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

func (s *sockets) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.members)
}

func (s *sockets) closeAll() {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.closeThose(func(*socket) bool { return true })
}

// closeAt ends the connections to one instance, whose time is over.
func (s *sockets) closeAt(at *instance) {
	s.closeThose(func(c *socket) bool { return c.at == at })
}

func (s *sockets) closeThose(mean func(*socket) bool) {
	s.mu.Lock()
	members := make([]*socket, 0, len(s.members))
	for member := range s.members {
		if mean(member) {
			members = append(members, member)
		}
	}
	s.mu.Unlock()

	var all sync.WaitGroup
	for _, member := range members {
		all.Go(func() { member.end(goingAway) })
	}
	all.Wait()
}

// socket is a visitor's upgraded connection.
type socket struct {
	net.Conn
	sockets *sockets
	at      *instance
	closing sync.Once
	gone    chan struct{} // closed with the connection
	writing sync.Mutex    // a farewell must not split what the instance is sending
}

// guard ends the connection when it is not welcome any more.
func (c *socket) guard(welcome func() bool) {
	ticker := time.NewTicker(guardEvery)
	defer ticker.Stop()
	for {
		select {
		case <-c.gone:
			return
		case <-ticker.C:
			if !welcome() {
				c.end(unwelcome)
				return
			}
		}
	}
}

func (c *socket) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.Conn.Write(p)
}

// CloseWrite passes on the instance's half close.
func (c *socket) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// Close also forgets the connection.
func (c *socket) Close() error {
	c.sockets.mu.Lock()
	delete(c.sockets.members, c)
	c.sockets.mu.Unlock()
	c.closing.Do(func() { close(c.gone) })
	return c.Conn.Close()
}

// end says goodbye and closes. Should the instance have stopped in the middle of
// a frame, the visitor sees a broken frame instead of the goodbye; either way
// the connection ends and the page connects anew.
func (c *socket) end(goodbye []byte) {
	_ = c.SetWriteDeadline(time.Now().Add(farewell)) // also frees a writer that is stuck
	_, _ = c.Write(goodbye)
	_ = c.Close()
}
