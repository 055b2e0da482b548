package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bilten/rushgate/admission"
)

const (
	// fetchPause is the least time between two fetches, whatever kids arrive and
	// however they end: strangers can't make an origin hammer its gateway.
	fetchPause = 30 * time.Second
	// firstPause is the same while no keys are known, so nobody can come in.
	firstPause = 2 * time.Second
	// fetchAge is when keys are fetched again although nothing is amiss: a new
	// key arrives before it signs, a removed one goes.
	fetchAge = 5 * time.Minute
	// fetchTimeout bounds a fetch, and so the wait of a request with a new kid.
	fetchTimeout = 3 * time.Second
	// maxKeySet is in bytes; a key takes about 200.
	maxKeySet = 64 << 10
)

// keySet is the gateway's public keys as last fetched. What was fetched stays
// good until something newer comes: the gateway may be down, buyers are not.
type keySet struct {
	url    string
	issuer string
	client *http.Client
	logger *slog.Logger
	now    func() time.Time

	verifier atomic.Pointer[admission.Verifier] // nil before the first fetch
	fetched  atomic.Int64                       // unix ns of the last good fetch

	mu    sync.Mutex // held while fetching
	tried time.Time
	body  []byte // of the last good fetch
}

func newKeySet(o Options) (*keySet, error) {
	if at, err := url.Parse(o.JWKS); o.JWKS != "" && (err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http") {
		return nil, fmt.Errorf("verify: JWKS %q: want an http or https URL", o.JWKS)
	}
	s := &keySet{url: o.JWKS, issuer: o.Issuer, client: o.Client, logger: o.Logger, now: o.Now}
	if s.client == nil {
		s.client = &http.Client{
			Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, IdleConnTimeout: time.Minute},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	if len(o.Keys) > 0 {
		v, err := admission.NewVerifier(o.Issuer, o.Keys, admission.MaxLeeway)
		if err != nil {
			return nil, err
		}
		s.verifier.Store(v)
	}
	return s, nil
}

// verify checks a token and fetches keys when it must: at first, and when the
// token names a key that is not known.
func (s *keySet) verify(token string, w admission.Want) (admission.Admission, error) {
	if s.url == "" {
		return s.verifier.Load().Verify(token, w)
	}
	used := s.verifier.Load()
	if used != nil {
		if s.now().UnixNano()-s.fetched.Load() > int64(fetchAge) {
			s.refreshAside()
		}
		a, err := used.Verify(token, w)
		if !errors.Is(err, admission.ErrUnknownKey) {
			return a, err
		}
	}
	s.refresh(used)
	fresh := s.verifier.Load()
	if fresh == nil {
		return admission.Admission{}, ErrNoKeys
	}
	return fresh.Verify(token, w)
}

// refresh fetches keys unless somebody else has replaced those the caller
// used, or the last try is too recent.
func (s *keySet) refresh(used *admission.Verifier) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.verifier.Load() == used && s.due() {
		s.fetch()
	}
}

// refreshAside does the same and lets no request wait.
func (s *keySet) refreshAside() {
	if !s.mu.TryLock() {
		return // somebody is at it
	}
	if !s.due() {
		s.mu.Unlock()
		return
	}
	go func() {
		defer s.mu.Unlock()
		s.fetch()
	}()
}

// due wants mu.
func (s *keySet) due() bool {
	pause := fetchPause
	if s.verifier.Load() == nil {
		pause = firstPause
	}
	return s.tried.IsZero() || s.now().Sub(s.tried) >= pause
}

// fetch wants mu. A failure is logged and changes nothing.
func (s *keySet) fetch() {
	s.tried = s.now()
	body, err := s.load()
	if err == nil && !bytes.Equal(body, s.body) { // the same keys keep what they have verified
		err = s.install(body)
	}
	if err != nil {
		s.logger.Warn("the gateway's keys could not be fetched", "url", s.url, "error", err)
		return
	}
	s.fetched.Store(s.tried.UnixNano())
}

func (s *keySet) install(body []byte) error {
	keys, err := admission.ParseJWKS(body)
	if err != nil {
		return err
	}
	v, err := admission.NewVerifier(s.issuer, keys, admission.MaxLeeway)
	if err != nil {
		return err
	}
	s.verifier.Store(v)
	s.body = body
	return nil
}

// load has its own deadline: a visitor who hangs up must not spoil the fetch
// for everybody else.
func (s *keySet) load() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d; want 200", answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxKeySet+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxKeySet {
		return nil, fmt.Errorf("more than %d bytes", maxKeySet)
	}
	return body, nil
}
