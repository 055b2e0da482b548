// Package upstream carries admitted requests to the shop behind the gateway
// and the shop's answers back: a [Pool] of instances, one connection pool for
// all of them, and nothing of the waiting room.
//
// The caller decides what a request may be; a Pool forwards exactly the path it
// is given. Addresses come from the operator's own file and the sources named
// there, never from a visitor or an organizer, so a Pool may reach private
// networks.
//
//	sources -> roll: who there is, how they are -> set: who gets requests -> pick
//	              ^ checks, and visitors' own requests                       |
//	              +----------------------------------------------------------+
//
// The proxying itself is net/http/httputil's: it knows about upgrades, trailers,
// informational answers and hop-by-hop headers what took the world years to
// learn. This package adds the choice of an instance, checks, drains, retries
// and measurements, bounds, typed failures and a register of upgraded
// connections.
package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"sync"
	"sync/atomic"
)

// Pool forwards requests to its instances. It is safe for concurrent use.
type Pool struct {
	name         string
	preserveHost bool
	check        Check
	sources      []Source
	roll         *roll
	turn         atomic.Uint64
	budget       budget
	transport    *http.Transport
	checks       *http.Transport
	inFlight     slots
	socketSlots  slots
	sockets      sockets
}

// New makes a pool, or names everything that is wrong with its configuration.
// It serves at once; what changes with time needs Run.
func New(c Config) (*Pool, error) {
	c = c.withDefaults()
	instances, err := parseInstances(c.Instances)
	if len(c.Instances) == 0 && len(c.Sources) == 0 {
		err = errors.New("instances: at least one is needed, or a source of some")
	}
	transport, tlsErr := c.transport()
	if err := errors.Join(c.checkBounds(), err, tlsErr); err != nil {
		return nil, fmt.Errorf("pool %q: %w", c.Name, err)
	}
	checks := transport.Clone()
	checks.DisableKeepAlives = true
	p := &Pool{
		name:         c.Name,
		preserveHost: c.PreserveHost,
		check:        c.Check,
		sources:      append([]Source{fixed(instances)}, c.Sources...),
		budget:       budget{share: int64(c.Balance.Retries * oneRetry)},
		transport:    transport,
		checks:       checks,
	}
	p.budget.saved.Store(reserve)
	p.inFlight.limit = int64(c.Limits.MaxInFlight)
	p.socketSlots.limit = int64(c.Limits.MaxSockets)
	p.roll = newRoll(c, len(p.sources))
	if c.House.Metrics != nil {
		c.House.Metrics.MustRegister(newPicture(c.Name, p.roll))
	}
	p.roll.hear(0, Told{Instances: instances})
	return p, nil
}

// Run follows the sources, checks the instances and lets drains come to their
// end, until ctx does.
func (p *Pool) Run(ctx context.Context) {
	var all sync.WaitGroup
	for i, source := range p.sources {
		all.Go(func() { source.Watch(ctx, func(told Told) { p.roll.hear(i, told) }) })
	}
	p.roll.attendTo(ctx, p.probe, p.sockets.closeAt)
	all.Wait()
}

// slots bounds how many hold one at a time.
type slots struct {
	limit int64
	taken atomic.Int64
}

func (s *slots) take() bool {
	if s.taken.Add(1) > s.limit {
		s.taken.Add(-1)
		return false
	}
	return true
}

func (s *slots) release() { s.taken.Add(-1) }

// InFlight is the number of requests under way, upgraded ones left out.
func (p *Pool) InFlight() int { return int(p.inFlight.taken.Load()) }

// Sockets is the number of upgraded connections, such as WebSockets.
func (p *Pool) Sockets() int { return p.sockets.count() }

// Close ends all upgraded connections (WebSockets are told 1001, going away),
// refuses new ones and lets go of idle connections. Requests under way end by
// themselves. http.Server.Shutdown knows nothing of upgraded connections, so
// call Close once the visitors had their time to drain.
func (p *Pool) Close() {
	p.sockets.closeAll()
	p.transport.CloseIdleConnections()
}

// silent keeps the reverse proxy from writing to the process-wide logger;
// failures reach the caller as an [Error].
var silent = log.New(io.Discard, "", 0)
