package account

import (
	"context"
	"crypto"
	"crypto/tls"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	refreshEvery = 5 * time.Minute
	// retryAfter is between two fetches of one set, whatever happens: neither an
	// issuer that is away nor tokens with made-up kids make it more.
	retryAfter = 15 * time.Second
	// keepFor is how long a set serves that cannot be fetched again.
	keepFor = 24 * time.Hour
	// forgetAfter is how long a set is followed that nobody asks for.
	forgetAfter = time.Hour
	maxSets     = 1000
	look        = time.Second // how often Run looks what is due
)

// SetsConfig is what Sets works with.
type SetsConfig struct {
	Allow Guard       // networks beyond the public ones
	TLS   *tls.Config // nil: the system's authorities
	Now   func() time.Time
	Log   *slog.Logger
}

// Sets follows the key sets of issuers: it fetches them in the background, so no
// visitor ever waits for an issuer. It is safe for concurrent use.
type Sets struct {
	client *http.Client
	now    func() time.Time
	log    *slog.Logger

	mu   sync.Mutex
	sets map[which]*Set

	versions atomic.Uint64 // of all sets, so that one that takes over is never taken for the one before
}

type which struct{ address, algorithm string }

// NewSets returns an empty one; Run makes it fetch.
func NewSets(c SetsConfig) *Sets {
	return &Sets{client: c.Allow.client(c.TLS), now: c.Now, log: c.Log, sets: map[which]*Set{}}
}

// Set is the key set of one issuer for one algorithm. It is a [Source].
type Set struct {
	which
	home   *Sets
	state  atomic.Pointer[setState]
	asked  atomic.Int64        // unix ms of the last Find
	missed atomic.Bool         // a kid was not in it: perhaps it is new
	gone   atomic.Bool         // forgotten, until somebody asks again
	tried  time.Time           // the last fetch; under home's mutex
	heir   atomic.Pointer[Set] // the same set, followed for somebody else since this one was forgotten
}

type setState struct {
	keys    []setKey
	version uint64
	fetched time.Time
}

// Follow returns the set at an address. Beyond maxSets nothing new is followed,
// and the set that is returned stays empty.
func (s *Sets) Follow(address, algorithm string) *Set {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := which{address, algorithm}
	if set, ok := s.sets[w]; ok {
		set.asked.Store(s.now().UnixMilli())
		return set
	}
	set := &Set{which: w, home: s}
	set.asked.Store(s.now().UnixMilli())
	set.gone.Store(!s.take(set))
	return set
}

// take follows a set if there is room for it; s.mu is held.
func (s *Sets) take(set *Set) bool {
	if len(s.sets) >= maxSets {
		return false
	}
	s.sets[set.which] = set
	return true
}

// comeBack follows a set again that was forgotten, unless another is the same by
// now.
func (s *Sets) comeBack(set *Set) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other, ok := s.sets[set.which]; ok {
		if other != set {
			set.heir.Store(other)
		}
		return
	}
	if s.take(set) {
		set.gone.Store(false)
	}
}

// Find implements Source. A token without a kid is tried with every key.
func (s *Set) Find(kid string) ([]crypto.PublicKey, uint64, error) {
	now := s.home.now()
	s.asked.Store(now.UnixMilli())
	if s.gone.Load() {
		s.home.comeBack(s)
	}
	if heir := s.heir.Load(); heir != nil {
		return heir.Find(kid)
	}
	state := s.state.Load()
	if state == nil || now.Sub(state.fetched) > keepFor {
		return nil, 0, ErrNoKeys
	}
	var keys []crypto.PublicKey
	for _, key := range state.keys {
		if kid == "" || key.id == kid {
			keys = append(keys, key.public)
		}
	}
	if len(keys) == 0 {
		s.missed.Store(true)
	}
	return keys, state.version, nil
}

// Run fetches what is due until ctx ends.
func (s *Sets) Run(ctx context.Context) {
	clock := time.NewTicker(look)
	defer clock.Stop()
	for {
		s.refresh(ctx)
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		}
	}
}

// refresh fetches all sets that are due, at the same time: one issuer that hangs
// delays no other.
func (s *Sets) refresh(ctx context.Context) {
	var fetching sync.WaitGroup
	defer fetching.Wait()
	for _, set := range s.due() {
		fetching.Go(func() {
			if err := s.fetch(ctx, set); err != nil && ctx.Err() == nil {
				s.log.Warn("key set not fetched, the last good one stays", "address", set.address, "err", err)
			}
		})
	}
}

func (s *Sets) due() []*Set {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	var due []*Set
	for w, set := range s.sets {
		if now.Sub(time.UnixMilli(set.asked.Load())) > forgetAfter {
			delete(s.sets, w)
			set.gone.Store(true)
			continue
		}
		state := set.state.Load()
		wanted := state == nil || now.Sub(state.fetched) >= refreshEvery || set.missed.Load()
		if wanted && now.Sub(set.tried) >= retryAfter {
			set.tried = now
			set.missed.Store(false)
			due = append(due, set)
		}
	}
	return due
}

func (s *Sets) fetch(ctx context.Context, set *Set) error {
	data, err := fetch(ctx, s.client, set.address)
	if err != nil {
		return err
	}
	keys, err := parseSet(data, set.algorithm)
	if err != nil {
		return err
	}
	next := &setState{keys: keys, fetched: s.now()}
	if last := set.state.Load(); last != nil && sameKeys(last.keys, keys) {
		next.version = last.version
	} else {
		next.version = s.versions.Add(1)
	}
	set.state.Store(next)
	return nil
}

func sameKeys(a, b []setKey) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		public, ok := a[i].public.(interface{ Equal(crypto.PublicKey) bool })
		if a[i].id != b[i].id || !ok || !public.Equal(b[i].public) {
			return false
		}
	}
	return true
}
