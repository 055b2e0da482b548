package admission

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// forgery is a token in the making. Its header and claims start as a genuine
// token's.
type forgery struct {
	header map[string]any
	claims map[string]any
	raw    string // instead of claims
}

func (f forgery) signed(sign func(text string) []byte) string {
	header, _ := json.Marshal(f.header)
	body, _ := json.Marshal(f.claims)
	if f.raw != "" {
		body = []byte(f.raw)
	}
	text := segment(header) + "." + segment(body)
	return text + "." + segment(sign(text))
}

func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// lab is a ring with an EdDSA key that signs and an ES256 key beside it, and a
// genuine token to start from.
type lab struct {
	keys  *Keys
	ed    signingKey
	ec    signingKey
	token string
	parts []string
}

func newLab(t testing.TB) lab {
	t.Helper()
	file, err := GenerateKeys(EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	if file, _, err = file.AddAdmission(ES256); err != nil {
		t.Fatal(err)
	}
	m, err := file.open()
	if err != nil {
		t.Fatal(err)
	}
	keys := ring(t, file)
	token := sign(t, keys, someAdmission)
	return lab{keys: keys, ed: m.admission[0], ec: m.admission[1], token: token, parts: strings.Split(token, ".")}
}

// with changes the header and claims of the genuine token; nil deletes.
func (l lab) with(header, claims map[string]any) forgery {
	f := forgery{header: map[string]any{}, claims: map[string]any{}}
	for part, into := range map[string]*map[string]any{l.parts[0]: &f.header, l.parts[1]: &f.claims} {
		data, _ := base64.RawURLEncoding.DecodeString(part)
		if err := json.Unmarshal(data, into); err != nil {
			panic(err)
		}
	}
	maps.Copy(f.header, header)
	maps.Copy(f.claims, claims)
	maps.DeleteFunc(f.header, func(_ string, v any) bool { return v == nil })
	maps.DeleteFunc(f.claims, func(_ string, v any) bool { return v == nil })
	return f
}

func (l lab) payload() string {
	data, _ := base64.RawURLEncoding.DecodeString(l.parts[1])
	return string(data)
}

// ours signs with the ring's own key: what is refused then is refused for what
// it says.
func (l lab) ours(text string) []byte {
	return ed25519.Sign(l.ed.private.(ed25519.PrivateKey), []byte(text))
}

func (l lab) hs256(secret []byte) func(string) []byte {
	return func(text string) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
}

// raw signs a payload as it is written.
func (l lab) raw(payload string) string {
	return forgery{header: l.with(nil, nil).header, raw: payload}.signed(l.ours)
}

func unsigned(string) []byte { return nil }

type object = map[string]any

// TestAttacks tries what is known against JWT readers. The numbers group the
// rows by attack: A01 no signature, A02 a public key as secret, A03 another
// algorithm, A04 kid as a way in, A05 keys in the header, A06 weak secrets
// (TestParseKeyFile), A07 meant for somebody else, A08 no end, A09 edges of time,
// A10 claims of a refused token, A11 work before a check, A12 replay (below),
// A13 one credential for another, A14 ambiguous text, A15 retired keys, A16 cut
// and spliced.
func TestAttacks(t *testing.T) {
	l := newLab(t)
	stranger := newLab(t)
	edPublic := l.ed.private.Public().(ed25519.PublicKey)
	ecPublic, err := x509.MarshalPKIXPublicKey(l.ec.private.Public())
	if err != nil {
		t.Fatal(err)
	}
	now := someAdmission.IssuedAt
	end := someAdmission.Ends
	want := Want{Event: "evt", Organization: "acme", Now: now}
	at := func(ms int64) Want { return Want{Event: "evt", Organization: "acme", Now: ms} }
	strangersJWK := object{"kty": "OKP", "crv": "Ed25519", "x": segment(stranger.ed.private.Public().(ed25519.PublicKey))}

	tests := []struct {
		name  string
		token string
		want  Want
		err   error // nil: accepted
	}{
		{"the genuine token is accepted", l.token, want, nil},
		{"a hand-made copy of it is accepted, so the rows below fail for their own reason", l.with(nil, nil).signed(l.ours), want, nil},

		{"A01 alg none, no signature", l.with(object{"alg": "none"}, nil).signed(unsigned), want, ErrForged},
		{"A01 alg none with the genuine signature", l.with(object{"alg": "none"}, nil).signed(l.ours), want, ErrForged},
		{"A01 alg nOnE", l.with(object{"alg": "nOnE"}, nil).signed(unsigned), want, ErrMalformed},
		{"A01 no alg", l.with(object{"alg": nil, "x": 1}, nil).signed(l.ours), want, ErrMalformed},
		{"A01 alg is a list", l.with(object{"alg": []string{"EdDSA"}}, nil).signed(l.ours), want, ErrMalformed},
		{"A02 HS256 with the raw public key as secret", l.with(object{"alg": "HS256"}, nil).signed(l.hs256(edPublic)), want, ErrForged},
		{"A02 HS256 with the public key's DER as secret", l.with(object{"alg": "HS256", "kid": l.ec.id}, nil).signed(l.hs256(ecPublic)), want, ErrForged},
		{"A02 HS256 with an empty secret", l.with(object{"alg": "HS256"}, nil).signed(l.hs256(nil)), want, ErrForged},
		{"A03 ES256 named, the EdDSA key's kid", l.with(object{"alg": "ES256"}, nil).signed(l.ours), want, ErrForged},
		{"A03 EdDSA named, the ES256 key's kid", l.with(object{"kid": l.ec.id}, nil).signed(l.ours), want, ErrForged},
		{"A03 ES384 with the ES256 key's kid", l.with(object{"alg": "ES384", "kid": l.ec.id}, nil).signed(l.ours), want, ErrForged},
		{"A03 ES512 with the ES256 key's kid", l.with(object{"alg": "ES512", "kid": l.ec.id}, nil).signed(l.ours), want, ErrForged},
		{"A03 RS256", l.with(object{"alg": "RS256"}, nil).signed(l.ours), want, ErrForged},
		{"A03 PS512", l.with(object{"alg": "PS512"}, nil).signed(l.ours), want, ErrForged},
		{"A04 kid is a path", l.with(object{"kid": "../../dev/null"}, nil).signed(l.hs256(nil)), want, ErrUnknownKey},
		{"A04 kid is SQL", l.with(object{"kid": "' UNION SELECT 'x"}, nil).signed(l.ours), want, ErrUnknownKey},
		{"A04 kid is a Redis command", l.with(object{"kid": "a\r\nFLUSHALL\r\n"}, nil).signed(l.ours), want, ErrUnknownKey},
		{"A04 kid of 3 kB", l.with(object{"kid": strings.Repeat("k", 2500)}, nil).signed(l.ours), want, ErrUnknownKey},
		{"A04 kid of 10 kB", l.with(object{"kid": strings.Repeat("k", 10<<10)}, nil).signed(l.ours), want, ErrMalformed},
		{"A04 kid is a number", l.with(object{"kid": 7}, nil).signed(l.ours), want, ErrMalformed},
		{"A04 kid is empty", l.with(object{"kid": ""}, nil).signed(l.ours), want, ErrMalformed},
		{"A04 no kid", l.with(object{"kid": nil}, nil).signed(l.ours), want, ErrMalformed},
		{"A05 jwk brings its own key", l.with(object{"jwk": strangersJWK}, nil).signed(stranger.ours), want, ErrMalformed},
		{"A05 jwk instead of kid", l.with(object{"jwk": strangersJWK, "kid": nil}, nil).signed(stranger.ours), want, ErrMalformed},
		{"A05 jku points elsewhere", l.with(object{"jku": "http://127.0.0.1:1/jwks"}, nil).signed(stranger.ours), want, ErrMalformed},
		{"A05 x5u points elsewhere", l.with(object{"x5u": "http://127.0.0.1:1/cert"}, nil).signed(stranger.ours), want, ErrMalformed},
		{"A05 crit asks for what is not understood", l.with(object{"crit": []string{"b64"}, "b64": false}, nil).signed(l.ours), want, ErrMalformed},
		{"A07 another event", l.token, Want{Event: "other", Organization: "acme", Now: now}, ErrElsewhere},
		{"A07 no event wanted", l.token, Want{Organization: "acme", Now: now}, ErrElsewhere},
		{"A07 another organization", l.token, Want{Event: "evt", Organization: "rival", Now: now}, ErrElsewhere},
		{"A07 another issuer", l.with(nil, object{"iss": "https://evil.example"}).signed(l.ours), want, ErrElsewhere},
		{"A07 no issuer", l.with(nil, object{"iss": nil}).signed(l.ours), want, ErrElsewhere},
		{"A07 no audience", l.with(nil, object{"aud": nil}).signed(l.ours), want, ErrMalformed},
		{"A07 another event, and expired: the first counts", l.token, Want{Event: "other", Organization: "acme", Now: end}, ErrElsewhere},
		{"A08 no exp", l.with(nil, object{"exp": nil}).signed(l.ours), want, ErrMalformed},
		{"A08 exp is null", l.raw(strings.Replace(l.payload(), `"exp":`, `"exp":null,"was":`, 1)), want, ErrMalformed},
		{"A08 exp is text", l.with(nil, object{"exp": "2100-01-01"}).signed(l.ours), want, ErrMalformed},
		{"A08 no nbf", l.with(nil, object{"nbf": nil}).signed(l.ours), want, ErrMalformed},
		{"A08 nbf is not iat", l.with(nil, object{"nbf": 1}).signed(l.ours), want, ErrMalformed},
		{"A09 the last millisecond", l.token, at(end - 1), nil},
		{"A09 the end itself", l.token, at(end), ErrExpired},
		{"A09 the first millisecond", l.token, at(now), nil},
		{"A09 the millisecond before", l.token, at(now - 1), ErrNotYet},
		{"A10 expired and forged: nothing but forged", l.with(nil, nil).signed(stranger.ours), at(end + 1), ErrForged},
		{"A11 four thousand dots", strings.Repeat(".", 4000), want, ErrMalformed},
		{"A11 a million dots", strings.Repeat(".", 1e6), want, ErrMalformed},
		{"A11 four parts", l.token + ".e30", want, ErrMalformed},
		{"A11 five parts, as an encrypted token has", l.token + ".e30.e30", want, ErrMalformed},
		{"A11 two parts", l.parts[0] + "." + l.parts[1], want, ErrMalformed},
		{"A13 a pass as an admission", l.keys.SealPass(somePass), want, ErrMalformed},
		{"A13 a visitor cookie as an admission", l.keys.SealBrowser(Browser{1}), want, ErrMalformed},
		{"A13 a plain JWT of the same key", l.with(object{"typ": "JWT"}, nil).signed(l.ours), want, ErrMalformed},
		{"A13 no typ", l.with(object{"typ": nil, "cty": "x"}, nil).signed(l.ours), want, ErrMalformed},
		{"A14 a claim twice", l.raw(strings.Replace(l.payload(), `"org":`, `"org":"rival","org":`, 1)), want, ErrMalformed},
		{"A14 a claim twice, once in capitals", l.raw(strings.Replace(l.payload(), `"exp":`, `"EXP":4102444800,"exp":`, 1)), want, ErrMalformed},
		{"A14 claims are a list", l.raw("[]"), want, ErrMalformed},
		{"A14 claims are null", l.raw("null"), want, ErrMalformed},
		{"A14 something after the claims", l.raw(l.payload() + "{}"), want, ErrMalformed},
		{"A14 padding", l.token + "=", want, ErrMalformed},
		{"A14 a line break in the signature", l.token[:len(l.token)-5] + "\n" + l.token[len(l.token)-5:], want, ErrMalformed},
		{"A14 trailing bits in the signature", l.parts[0] + "." + l.parts[1] + "." + trailingBits(l.parts[2]), want, ErrMalformed},
		{"A14 aud is a list of one, as we write it", l.with(nil, object{"aud": []string{"evt"}}).signed(l.ours), want, nil},
		{"A14 aud is plain text", l.with(nil, object{"aud": "evt"}).signed(l.ours), want, nil},
		{"A14 aud is a list of two", l.with(nil, object{"aud": []string{"other", "evt"}}).signed(l.ours), want, ErrMalformed},
		{"A14 aud is an empty list", l.with(nil, object{"aud": []string{}}).signed(l.ours), want, ErrMalformed},
		{"A14 aud is a number", l.with(nil, object{"aud": 7}).signed(l.ours), want, ErrMalformed},
		{"A14 aud is a list with a number", l.with(nil, object{"aud": []any{"evt", 7}}).signed(l.ours), want, ErrMalformed},
		{"A14 aud is a list in a list", l.with(nil, object{"aud": []any{[]string{"evt"}}}).signed(l.ours), want, ErrMalformed},
		{"A14 sub is no visitor", l.with(nil, object{"sub": "admin"}).signed(l.ours), want, ErrMalformed},
		{"A14 jti of another session", l.with(nil, object{"jti": "00.1"}).signed(l.ours), want, ErrMalformed},
		{"A14 a price is a fraction", l.with(nil, object{"prices": object{"seated": 0.5}}).signed(l.ours), want, ErrMalformed},
		{"A15 a key that is no longer in the ring", stranger.token, want, ErrUnknownKey},
		{"A15 our kid, a stranger's key", l.with(nil, nil).signed(stranger.ours), want, ErrForged},
		{"A16 the claims of one token under the signature of another", l.parts[0] + "." + segment([]byte(strings.Replace(l.payload(), "evt", "all", 1))) + "." + l.parts[2], want, ErrForged},
		{"A16 the signature cut", l.token[:len(l.token)-2], want, ErrForged},
		{"A16 no signature", l.parts[0] + "." + l.parts[1] + ".", want, ErrForged},
		{"A16 empty parts", "..", want, ErrMalformed},
		{"A16 nothing", "", want, ErrMalformed},

		{"an extra claim is a newer gateway's and does no harm", l.with(nil, object{"currency": "EUR"}).signed(l.ours), want, nil},
		{"a newer schema, whatever it means by the rest", l.with(nil, object{"v": 2, "aud": object{"new": "shape"}}).signed(l.ours), want, ErrNewerSchema},
		{"nobody can pretend that there is a newer schema", l.with(nil, object{"v": 2}).signed(stranger.ours), want, ErrForged},
		{"no schema", l.with(nil, object{"v": nil}).signed(l.ours), want, ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 { // remembered or not
				got, err := l.keys.Verify(tt.token, tt.want)
				if !errors.Is(err, tt.err) {
					t.Fatalf("Verify(%.80q, %+v) error = %v; want %v", tt.token, tt.want, err, tt.err)
				}
				wantGot := Admission{}
				if tt.err == nil {
					wantGot = someAdmission
				}
				if diff := cmp.Diff(wantGot, got); diff != "" {
					t.Errorf("Verify(%.80q, %+v) differs (-want +got):\n%s", tt.token, tt.want, diff)
				}
			}
		})
	}
}

// A12: whoever copies an admission to a second device gets the same session and
// its one slot, no second one; ending it ends both.
func TestAdmissionsOfOneSessionShareAnID(t *testing.T) {
	keys := testKeys(t)
	renewed := someAdmission
	renewed.IssuedAt += 60_000
	renewed.Ends += 60_000
	first, err := keys.Verify(sign(t, keys, someAdmission), Want{Event: "evt", Organization: "acme", Now: renewed.IssuedAt})
	if err != nil {
		t.Fatal(err)
	}
	second, err := keys.Verify(sign(t, keys, renewed), Want{Event: "evt", Organization: "acme", Now: renewed.IssuedAt})
	if err != nil {
		t.Fatal(err)
	}
	if first.ID() != second.ID() {
		t.Errorf("ID of a renewed admission = %s; want %s", second.ID(), first.ID())
	}
	later := someAdmission
	later.Session++
	if later.ID() == first.ID() {
		t.Error("ID of a later session of the same visitor is the same; want another")
	}
}

func TestBothAlgorithmsSignAndVerify(t *testing.T) {
	for _, alg := range []Algorithm{EdDSA, ES256} {
		file, err := GenerateKeys(alg)
		if err != nil {
			t.Fatal(err)
		}
		keys := ring(t, file)
		token := sign(t, keys, someAdmission)
		got, err := keys.Verify(token, Want{Event: "evt", Organization: "acme", Now: someAdmission.IssuedAt})
		if err != nil {
			t.Fatalf("%s: Verify error = %v; want none", alg, err)
		}
		if diff := cmp.Diff(someAdmission, got); diff != "" {
			t.Errorf("%s: Verify(Sign(a)) differs (-want +got):\n%s", alg, diff)
		}
	}
}

func TestLeeway(t *testing.T) {
	keys := testKeys(t)
	token := sign(t, keys, someAdmission)
	public, err := ParseJWKS(keys.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier("https://tickets.example", public, MaxLeeway)
	if err != nil {
		t.Fatal(err)
	}
	leeway := MaxLeeway.Milliseconds()
	tests := []struct {
		name string
		now  int64
		err  error
	}{
		{"a clock 30 s slow", someAdmission.IssuedAt - leeway, nil},
		{"a clock slower than that", someAdmission.IssuedAt - leeway - 1, ErrNotYet},
		{"a clock almost 30 s fast at the end", someAdmission.Ends + leeway - 1, nil},
		{"a clock 30 s fast at the end", someAdmission.Ends + leeway, ErrExpired},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := v.Verify(token, Want{Event: "evt", Organization: "acme", Now: tt.now}); !errors.Is(err, tt.err) {
				t.Errorf("Verify at %d error = %v; want %v", tt.now, err, tt.err)
			}
		})
	}
}

func TestGrace(t *testing.T) {
	l := newLab(t)
	end, grace := someAdmission.Ends, 15*time.Minute
	notYet := someAdmission
	notYet.IssuedAt = end + 60_000 // begins after it ends: never valid
	tests := []struct {
		name  string
		token string
		want  Want
		err   error
	}{
		{"running", l.token, Want{Event: "evt", Organization: "acme", Now: end - 1, Grace: grace}, nil},
		{"just ended", l.token, Want{Event: "evt", Organization: "acme", Now: end, Grace: grace}, nil},
		{"ended almost the grace ago", l.token, Want{Event: "evt", Organization: "acme", Now: end + grace.Milliseconds() - 1, Grace: grace}, nil},
		{"ended the grace ago", l.token, Want{Event: "evt", Organization: "acme", Now: end + grace.Milliseconds(), Grace: grace}, ErrExpired},
		{"no grace", l.token, Want{Event: "evt", Organization: "acme", Now: end, Grace: 0}, ErrExpired},
		{"grace forgives the end, not the event", l.token, Want{Event: "other", Organization: "acme", Now: end, Grace: grace}, ErrElsewhere},
		{"nor the organization", l.token, Want{Event: "evt", Organization: "rival", Now: end, Grace: grace}, ErrElsewhere},
		{"nor the beginning", sign(t, l.keys, notYet), Want{Event: "evt", Organization: "acme", Now: end, Grace: grace}, ErrNotYet},
		{"nor the signature", l.with(nil, nil).signed(newLab(t).ours), Want{Event: "evt", Organization: "acme", Now: end, Grace: grace}, ErrForged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := l.keys.Verify(tt.token, tt.want)
			if !errors.Is(err, tt.err) || (err == nil) != (got.Event == "evt") {
				t.Errorf("Verify(%+v) = %+v, %v; want %v", tt.want, got, err, tt.err)
			}
		})
	}
}

func TestSignRefusesWhatNoCookieHolds(t *testing.T) {
	a := someAdmission
	a.Prices = map[string]int64{}
	for i := range 300 {
		a.Prices[fmt.Sprintf("tier %d", i)] = 1
	}
	if token, err := testKeys(t).Sign(a); !errors.Is(err, ErrTooLarge) || token != "" {
		t.Errorf("Sign = %d characters, %v; want %v", len(token), err, ErrTooLarge)
	}
}

func TestPricesAreTheCallersOwn(t *testing.T) {
	keys := testKeys(t)
	token, want := sign(t, keys, someAdmission), Want{Event: "evt", Organization: "acme", Now: someAdmission.IssuedAt}
	first, err := keys.Verify(token, want)
	if err != nil {
		t.Fatal(err)
	}
	first.Prices["seated"] = 1
	second, err := keys.Verify(token, want)
	if err != nil || second.Prices["seated"] != someAdmission.Prices["seated"] {
		t.Errorf("Verify after a caller changed its prices = %v, %v; want %v", second.Prices, err, someAdmission.Prices)
	}
}

func TestEveryFlippedBitOfAnAdmissionIsRefused(t *testing.T) {
	l := newLab(t)
	want := Want{Event: "evt", Organization: "acme", Now: someAdmission.IssuedAt}
	for i := range len(l.token) {
		token := []byte(l.token)
		token[i] ^= 1 << (i % 7)
		if a, err := l.keys.Verify(string(token), want); err == nil || a.Event != "" {
			t.Fatalf("character %d changed: Verify = %+v, %v; want a refusal", i, a, err)
		}
	}
}

// FuzzVerify holds that nothing but the signed token is accepted, whatever is
// cut from it or spliced into it.
func FuzzVerify(f *testing.F) {
	l := newLab(f)
	want := Want{Event: "evt", Organization: "acme", Now: someAdmission.IssuedAt}
	for _, seed := range []string{l.token, l.token[:100], l.parts[0] + ".." + l.parts[2], "..", l.with(object{"alg": "none"}, nil).signed(unsigned)} {
		f.Add(0, 0, seed)
	}
	f.Fuzz(func(t *testing.T, from, to int, insert string) {
		token := insert
		if from > 0 && from <= to && to <= len(l.token) {
			token = l.token[:from] + insert + l.token[to:]
		}
		a, err := l.keys.Verify(token, want)
		var refusal Refusal
		switch {
		case err == nil && token != l.token:
			t.Fatalf("Verify(%q) = %+v; want a refusal", token, a)
		case err != nil && (!errors.As(err, &refusal) || a.Event != ""):
			t.Fatalf("Verify(%q) = %+v, %v; want nothing and a Refusal", token, a, err)
		}
	})
}
