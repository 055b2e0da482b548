package account

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
)

// issuer is an account system with a key set, behind TLS on this machine.
type issuer struct {
	*httptest.Server
	mu      sync.Mutex
	fetched int
	answer  http.HandlerFunc
}

func openIssuer(t *testing.T, answer http.HandlerFunc) *issuer {
	t.Helper()
	i := &issuer{answer: answer}
	i.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		i.fetched++
		answer := i.answer
		i.mu.Unlock()
		answer(w, r)
	}))
	i.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) answers(answer http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = answer
}

func (i *issuer) times() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetched
}

func serve(keys ...jose.JSONWebKey) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: keys})
	}
}

// clock is a time that the test sets.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func follower(t *testing.T, i *issuer, c *clock, allow ...netip.Prefix) *Sets {
	t.Helper()
	roots := &tls.Config{RootCAs: i.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12}
	return NewSets(SetsConfig{Allow: allow, TLS: roots, Now: c.now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
}

var loopback = netip.MustParsePrefix("127.0.0.0/8")

func TestAKeySetIsFollowed(t *testing.T) {
	first, one, _ := ed25519.GenerateKey(rand.Reader)
	second, two, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	jwk := func(id string, key any) jose.JSONWebKey { return jose.JSONWebKey{Key: key, KeyID: id, Use: "sig"} }
	i := openIssuer(t, serve(jwk("one", first)))
	c := &clock{noon}
	sets := follower(t, i, c, loopback)
	set := sets.Follow(i.URL, event.EdDSA)
	v := verifier(t, event.EdDSA, set)
	byOne := signed(t, jwt.SigningMethodEdDSA, one, fan(nil), "kid", "one")
	byTwo := signed(t, jwt.SigningMethodEdDSA, two, fan(nil), "kid", "two")
	unnamed := signed(t, jwt.SigningMethodEdDSA, one, fan(nil))
	step := func(say string, passes time.Duration, fetches int, token string, want error) {
		t.Helper()
		c.at = c.at.Add(passes)
		sets.refresh(t.Context())
		if got := i.times(); got != fetches {
			t.Errorf("%s: %d fetches; want %d", say, got, fetches)
		}
		if _, err := v.Visitor(token, noon); !errors.Is(err, want) {
			t.Errorf("%s: Visitor = %v; want %v", say, err, want)
		}
	}
	if _, err := v.Visitor(byOne, noon); !errors.Is(err, ErrNoKeys) {
		t.Errorf("before the first fetch: Visitor = %v; want %v", err, ErrNoKeys)
	}
	step("fetched", 0, 1, byOne, nil)
	step("a token without a kid", time.Second, 1, unnamed, nil)
	step("a kid that is not there yet", retryAfter, 1, byTwo, admission.ErrUnknownKey)
	i.answers(serve(jwk("one", first), jwk("two", second)))
	step("is looked for once more", time.Second, 2, byTwo, nil)
	step("made-up kids", time.Second, 2, signed(t, jwt.SigningMethodEdDSA, two, fan(nil), "kid", "three"), admission.ErrUnknownKey)
	step("bring no more fetches than one in a while", time.Second, 2, byOne, nil)
	i.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	step("an issuer that is away", refreshEvery, 3, byOne, nil)
	step("for hours", time.Hour-time.Minute, 4, byOne, nil)
	i.answers(serve(jwk("two", second)))
	step("a key that is taken back", retryAfter, 5, byOne, admission.ErrUnknownKey)
	step("the other stays", 0, 5, byTwo, nil)
	c.at = c.at.Add(keepFor + time.Second)
	if _, err := v.Visitor(byTwo, noon); !errors.Is(err, ErrNoKeys) {
		t.Errorf("a set that could not be fetched for a day: Visitor = %v; want %v", err, ErrNoKeys)
	}
	c.at = c.at.Add(2 * forgetAfter)
	sets.refresh(t.Context())
	if len(sets.sets) != 0 {
		t.Error("a set that nobody asks for is still followed")
	}
	_, _ = v.Visitor(byTwo, noon)
	step("until somebody does again", retryAfter, 6, byTwo, nil)
}

// Two events of one issuer: one was idle for so long that its set was forgotten,
// and meanwhile the other has begun to follow the same.
func TestAForgottenKeySetIsTheOneThatIsFollowedSince(t *testing.T) {
	first, one, _ := ed25519.GenerateKey(rand.Reader)
	second, two, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := openIssuer(t, serve(jose.JSONWebKey{Key: first, KeyID: "one"}))
	c := &clock{noon}
	sets := follower(t, i, c, loopback)
	idle := verifier(t, event.EdDSA, sets.Follow(i.URL, event.EdDSA))
	sets.refresh(t.Context())
	byOne, byTwo := signed(t, jwt.SigningMethodEdDSA, one, fan(nil), "kid", "one"), signed(t, jwt.SigningMethodEdDSA, two, fan(nil), "kid", "two")
	if _, err := idle.Visitor(byOne, noon); err != nil {
		t.Fatal(err)
	}
	c.at = c.at.Add(forgetAfter + time.Second)
	sets.refresh(t.Context())
	i.answers(serve(jose.JSONWebKey{Key: second, KeyID: "two"}))
	_ = sets.Follow(i.URL, event.EdDSA)
	sets.refresh(t.Context())
	if _, err := idle.Visitor(byTwo, noon); err != nil {
		t.Errorf("Visitor(by the key that the issuer has now) = %v; want it known", err)
	}
	if _, err := idle.Visitor(byOne, noon); !errors.Is(err, admission.ErrUnknownKey) {
		t.Errorf("Visitor(by a key that was taken back) = %v; want %v", err, admission.ErrUnknownKey)
	}
	if len(sets.sets) != 1 {
		t.Errorf("%d sets are followed; want one", len(sets.sets))
	}
}

// A48: addresses that lead where the operator's own things are.
func TestWhereAKeySetMayNotBe(t *testing.T) {
	for _, tt := range []struct {
		address string
		public  bool
	}{
		{"93.184.215.14", true},
		{"2606:2800:21f:cb07:6820:80da:af6b:8b2c", true},
		{"127.0.0.1", false},
		{"127.1.2.3", false},
		{"0.0.0.0", false},
		{"10.0.0.1", false},
		{"172.16.0.1", false},
		{"192.168.1.1", false},
		{"169.254.169.254", false},
		{"100.64.0.1", false},
		{"198.18.0.1", false},
		{"192.0.0.192", false},
		{"224.0.0.1", false},
		{"255.255.255.255", false},
		{"::1", false},
		{"::", false},
		{"::ffff:169.254.169.254", false},
		{"::ffff:127.0.0.1", false},
		{"::127.0.0.1", false},
		{"64:ff9b::a9fe:a9fe", false},
		{"2002:7f00:1::", false},
		{"fe80::1%eth0", false},
		{"fc00::1", false},
		{"fd00:ec2::254", false},
		{"ff02::1", false},
	} {
		err := Guard(nil).check(netip.MustParseAddr(tt.address))
		if (err == nil) != tt.public {
			t.Errorf("check(%s) = %v; want public %t", tt.address, err, tt.public)
		}
	}
	allowed := Guard{netip.MustParsePrefix("10.1.0.0/16")}
	if err := allowed.check(netip.MustParseAddr("::ffff:10.1.2.3")); err != nil {
		t.Errorf("a network that the operator allows: %v", err)
	}
	if allowed.check(netip.MustParseAddr("10.2.0.1")) == nil {
		t.Error("allowing one network opens another")
	}
}

// A48: the same through the whole client, where names and redirects come in.
func TestKeySetsThatAreNotFetched(t *testing.T) {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := serve(jose.JSONWebKey{Key: public, KeyID: "one"})
	inside := openIssuer(t, good)
	cleartext := httptest.NewServer(good)
	t.Cleanup(cleartext.Close)
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	port := inside.URL[strings.LastIndexByte(inside.URL, ':'):]
	for _, tt := range []struct {
		say     string
		address string // empty: the issuer's
		answer  http.HandlerFunc
		allow   []netip.Prefix
		want    string // in the error; empty: it is fetched
	}{
		{"allowed by the operator", "", good, []netip.Prefix{loopback}, ""},
		{"loopback", "", good, nil, "no public address"},
		{"loopback by name", "https://localhost" + port, good, nil, "no public address"},
		{"loopback as a decimal number", "https://2130706433" + port, good, nil, "2130706433"},
		{"a redirect to another network", "", redirect("https://169.254.169.254/latest/meta-data"), []netip.Prefix{loopback}, "no public address"},
		{"a redirect away from https", "", redirect(cleartext.URL), []netip.Prefix{loopback}, "away from https"},
		{"a redirect in a circle", "", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, []netip.Prefix{loopback}, "redirects"},
		{"an answer without end", "", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, maxSetBytes+1)) }, []netip.Prefix{loopback}, "more than"},
		{"an error page", "", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, []netip.Prefix{loopback}, "status 404"},
		{"something else", "", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, []netip.Prefix{loopback}, "not a JSON Web Key Set"},
		{"a set without a key of use", "", serve(), []netip.Prefix{loopback}, "none of its 0 keys"},
	} {
		inside.answers(tt.answer)
		c := &clock{noon}
		sets := follower(t, inside, c, tt.allow...)
		address := tt.address
		if address == "" {
			address = inside.URL
		}
		err := sets.fetch(t.Context(), sets.Follow(address, event.EdDSA))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: fetch = %v; want %q in it", tt.say, err, tt.want)
		}
	}
}

func TestOnlyKeysOfUseAreTaken(t *testing.T) {
	ed, private, _ := ed25519.GenerateKey(rand.Reader)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: ed, KeyID: "good"},
		{Key: ed, KeyID: "for encryption", Use: "enc"},
		{Key: ed, KeyID: "for another algorithm", Algorithm: "ES256"},
		{Key: private, KeyID: "private"},
		{Key: []byte("a secret for everybody to read, long"), KeyID: "symmetric"},
		{Key: &ec.PublicKey, KeyID: "another kind"},
		{Key: &short.PublicKey, KeyID: "weak"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), `{"keys":[`, `{"keys":[{"kty":"new kind"},null,7,{"kty":"OKP","crv":"Ed25519","x":"AA"},`, 1)
	keys, err := parseSet([]byte(text), event.EdDSA)
	if err != nil || len(keys) != 1 || keys[0].id != "good" {
		t.Errorf("parseSet = %v, %v; want the good key alone", keys, err)
	}
	many := `{"keys":[` + strings.Repeat(string(must(t, jose.JSONWebKey{Key: ed}))+",", maxSetKeys) + string(must(t, jose.JSONWebKey{Key: ed})) + `]}`
	if _, err := parseSet([]byte(many), event.EdDSA); err == nil {
		t.Errorf("%d keys are taken; want at most %d", maxSetKeys+1, maxSetKeys)
	}
}

func must(t *testing.T, key jose.JSONWebKey) []byte {
	t.Helper()
	data, err := key.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return data
}
