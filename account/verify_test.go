package account

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
)

var (
	noon   = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	secret = []byte("0123456789abcdef0123456789ABCDEF")
)

func fan(change func(jwt.MapClaims)) jwt.MapClaims {
	claims := jwt.MapClaims{"iss": "https://id.example", "aud": "tickets", "sub": "fan-7", "exp": noon.Add(time.Hour).Unix(), "email": "fan@example.org"}
	if change != nil {
		change(claims)
	}
	return claims
}

func signed(t testing.TB, method jwt.SigningMethod, key any, claims jwt.Claims, header ...string) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	for i := 0; i+1 < len(header); i += 2 {
		token.Header[header[i]] = header[i+1]
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func verifier(t testing.TB, algorithm string, keys Source) *Verifier {
	t.Helper()
	v, err := New("hamlet", event.Identity{Mode: event.IdentityRequired, Issuer: "https://id.example", Audience: "tickets", Algorithm: algorithm}, keys)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAnAccountIsOneVisitor(t *testing.T) {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var first admission.Visitor
	for _, tt := range []struct {
		algorithm string
		method    jwt.SigningMethod
		private   any
		public    crypto.PublicKey
	}{
		{event.HS256, jwt.SigningMethodHS256, secret, secret},
		{event.RS256, jwt.SigningMethodRS256, long, &long.PublicKey},
		{event.ES256, jwt.SigningMethodES256, ec, &ec.PublicKey},
		{event.EdDSA, jwt.SigningMethodEdDSA, ed, ed.Public()},
	} {
		v := verifier(t, tt.algorithm, Fixed{tt.public})
		here, err := v.Visitor(signed(t, tt.method, tt.private, fan(nil)), noon)
		if err != nil {
			t.Errorf("%s: Visitor = %v; want the account", tt.algorithm, err)
		}
		later, err := v.Visitor(signed(t, tt.method, tt.private, fan(func(c jwt.MapClaims) { c["exp"] = noon.Add(2 * time.Hour).Unix() })), noon)
		if err != nil || later != here {
			t.Errorf("%s: another token of the account is visitor %x, %v; want %x", tt.algorithm, later, err, here)
		}
		if first == (admission.Visitor{}) {
			first = here
		}
		if here != first {
			t.Errorf("%s: the account is visitor %x; want %x whoever signed", tt.algorithm, here, first)
		}
		other, err := v.Visitor(signed(t, tt.method, tt.private, fan(func(c jwt.MapClaims) { c["sub"] = "fan-8" })), noon)
		if err != nil || other == here {
			t.Errorf("%s: another account is visitor %x, %v; want another one", tt.algorithm, other, err)
		}
	}
}

func TestTokensThatNameNobody(t *testing.T) {
	hs := verifier(t, event.HS256, Fixed{secret})
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&long.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	rs := verifier(t, event.RS256, Fixed{&long.PublicKey})
	hsToken := func(change func(jwt.MapClaims), header ...string) string {
		return signed(t, jwt.SigningMethodHS256, secret, fan(change), header...)
	}
	set := func(name string, value any) func(jwt.MapClaims) {
		return func(c jwt.MapClaims) { c[name] = value }
	}
	unset := func(name string) func(jwt.MapClaims) { return func(c jwt.MapClaims) { delete(c, name) } }
	good := hsToken(nil)
	for _, tt := range []struct {
		say   string
		v     *Verifier
		token string
		want  error
	}{
		{"signed by nobody", hs, signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, fan(nil)), admission.ErrForged},
		{"another algorithm of the same family", hs, signed(t, jwt.SigningMethodHS512, secret, fan(nil)), admission.ErrForged},
		{"the public key as a secret", rs, signed(t, jwt.SigningMethodHS256, der, fan(nil)), admission.ErrForged},
		{"another secret", hs, signed(t, jwt.SigningMethodHS256, []byte("another secret of thirty-two bytes"), fan(nil)), admission.ErrForged},
		{"a claim changed after signing", hs, strings.Replace(good, ".", "."+"e30", 1), admission.ErrMalformed},
		{"a letter of the signature changed", hs, good[:len(good)-3] + "AAA", admission.ErrForged},
		{"without an end", hs, hsToken(unset("exp")), admission.ErrMalformed},
		{"expired", hs, hsToken(set("exp", noon.Add(-leeway-time.Second).Unix())), admission.ErrExpired},
		{"not valid yet", hs, hsToken(set("nbf", noon.Add(leeway+time.Second).Unix())), admission.ErrNotYet},
		{"another issuer's", hs, hsToken(set("iss", "https://id.example.evil")), admission.ErrElsewhere},
		{"without an issuer", hs, hsToken(unset("iss")), admission.ErrMalformed},
		{"for another shop", hs, hsToken(set("aud", "merchandise")), admission.ErrElsewhere},
		{"for nobody", hs, hsToken(unset("aud")), admission.ErrMalformed},
		{"without a subject", hs, hsToken(unset("sub")), admission.ErrMalformed},
		{"with an empty subject", hs, hsToken(set("sub", "")), admission.ErrMalformed},
		{"with a subject in capitals", hs, hsToken(func(c jwt.MapClaims) { c["SUB"] = c["sub"]; delete(c, "sub") }), admission.ErrMalformed},
		{"with a subject of 300 bytes", hs, hsToken(set("sub", strings.Repeat("a", 300))), admission.ErrMalformed},
		{"with a number for a subject", hs, hsToken(set("sub", 7)), admission.ErrMalformed},
		{"with an extension that must be understood", hs, hsToken(nil, "crit", "exp"), admission.ErrMalformed},
		{"of 5 kB", hs, hsToken(set("pad", strings.Repeat("a", 5000))), admission.ErrMalformed},
		{"no token", hs, "", admission.ErrMalformed},
		{"dots", hs, strings.Repeat(".", 4000), admission.ErrMalformed},
		{"a secret that is not there", verifier(t, event.HS256, Fixed{}), good, ErrNoKeys},
	} {
		for _, again := range []string{"", ", asked again"} {
			if _, err := tt.v.Visitor(tt.token, noon); !errors.Is(err, tt.want) {
				t.Errorf("%s%s: Visitor = %v; want %v", tt.say, again, err, tt.want)
			}
		}
	}
}

func TestARememberedTokenStillExpires(t *testing.T) {
	v := verifier(t, event.HS256, Fixed{secret})
	token := signed(t, jwt.SigningMethodHS256, secret, fan(func(c jwt.MapClaims) { c["nbf"] = noon.Unix() }))
	for _, tt := range []struct {
		say  string
		at   time.Time
		want error
	}{
		{"the first time", noon, nil},
		{"remembered", noon.Add(time.Minute), nil},
		{"just before its end", noon.Add(time.Hour + leeway - time.Second), nil},
		{"after it", noon.Add(time.Hour + leeway), admission.ErrExpired},
		{"a store that fell back in time", noon.Add(-leeway - time.Second), admission.ErrNotYet},
	} {
		if _, err := v.Visitor(token, tt.at); !errors.Is(err, tt.want) {
			t.Errorf("%s: Visitor = %v; want %v", tt.say, err, tt.want)
		}
	}
}

// turning is a source whose keys are exchanged.
type turning struct {
	keys    []crypto.PublicKey
	version uint64
}

func (s *turning) Find(string) ([]crypto.PublicKey, uint64, error) { return s.keys, s.version, nil }

func TestAKeyThatIsTakenBackIsForgottenAtOnce(t *testing.T) {
	source := &turning{[]crypto.PublicKey{secret}, 1}
	v := verifier(t, event.HS256, source)
	token := signed(t, jwt.SigningMethodHS256, secret, fan(nil))
	if _, err := v.Visitor(token, noon); err != nil {
		t.Fatal(err)
	}
	source.keys, source.version = []crypto.PublicKey{[]byte("another secret of thirty-two bytes")}, 2
	if _, err := v.Visitor(token, noon); !errors.Is(err, admission.ErrForged) {
		t.Errorf("after the exchange: Visitor = %v; want %v", err, admission.ErrForged)
	}
}

func TestAccountsNeverRunTogether(t *testing.T) {
	seen := map[admission.Visitor]string{}
	for _, parts := range [][3]string{{"a", "bc", "d"}, {"ab", "c", "d"}, {"a", "b", "cd"}, {"a", "b\x00c", "d"}, {"a", "b", "c\x00d"}} {
		id := visitorOf(parts[0], parts[1], parts[2])
		name := strings.Join(parts[:], "|")
		if other, taken := seen[id]; taken {
			t.Errorf("%q and %q are one visitor", name, other)
		}
		seen[id] = name
	}
}

func FuzzVisitor(f *testing.F) {
	v := verifier(f, event.HS256, Fixed{secret})
	good := signed(f, jwt.SigningMethodHS256, secret, fan(nil))
	f.Add(good)
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + ".e30.")
	want, err := v.Visitor(good, noon)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		got, err := v.Visitor(token, noon)
		if err == nil && got != want {
			t.Errorf("Visitor(%q) = %x: an account that nobody signed", token, got)
		}
	})
}

func BenchmarkVisitorRemembered(b *testing.B) {
	v := verifier(b, event.HS256, Fixed{secret})
	token := signed(b, jwt.SigningMethodHS256, secret, fan(nil))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Visitor(token, noon); err != nil {
			b.Fatal(err)
		}
	}
}
