package event

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
)

const keyless = `identity: {mode: required, issuer: "https://id.example", audience: tickets, algorithm: HS256, secret: fans}` + "\n"

func publicPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// Each row changes one text of an event that demands accounts.
func TestIdentityRefuses(t *testing.T) {
	for _, test := range []struct{ say, old, new, want string }{
		{"an unknown mode", "mode: required", "mode: maybe", `identity.mode: "maybe": want none, optional, required`},
		{"nobody who signs", `"https://id.example"`, `""`, "identity.issuer"},
		{"tokens that are meant for anybody", "audience: tickets", `audience: ""`, "identity.audience"},
		{"tokens that nobody signs", "algorithm: HS256", "algorithm: none", `identity.algorithm: "none": want HS256, RS256, ES256, EdDSA`},
		{"a secret for a public-key algorithm", "algorithm: HS256", "algorithm: RS256", "HS256 goes with secret"},
		{"a key set for HMAC: a public key is no secret", "secret: fans", "jwks_url: 'https://id.example/keys'", "HS256 goes with secret"},
		{"no key at all", ", secret: fans", "", "want exactly one of secret, public_keys and jwks_url"},
		{"two sources of keys", "secret: fans", "secret: fans, jwks_url: 'https://id.example/keys'", "want exactly one"},
		{"the secret itself", "secret: fans", "secret: 'Ohk7+AbcdEF/='", "never the secret"},
		{"a key set in the clear", "algorithm: HS256, secret: fans", "algorithm: RS256, jwks_url: 'http://id.example/keys'", "identity.jwks_url"},
		{"a key set behind a password", "algorithm: HS256, secret: fans", "algorithm: RS256, jwks_url: 'https://a:b@id.example/keys'", "identity.jwks_url"},
		{"keys that are none", "algorithm: HS256, secret: fans", "algorithm: RS256, public_keys: hello", "identity.public_keys: block 1: not PEM"},
		{"two places for the token", "secret: fans", "secret: fans, header: X-Fan, cookie: fan", "want one place where the token is"},
		{"a header of the gateway's", "secret: fans", "secret: fans, header: Rushgate-Pass", "identity.header"},
		{"a header that carries everything else", "secret: fans", "secret: fans, header: Cookie", "identity.header"},
		{"a header with a line break", "secret: fans", `secret: fans, header: "a\nb"`, "identity.header"},
		{"a cookie of the gateway's", "secret: fans", "secret: fans, cookie: __Host-rg_visitor", "identity.cookie"},
		{"a script to sign in", "secret: fans", "secret: fans, sign_in_url: 'javascript:alert(1)'", "identity.sign_in_url"},
		{"a line for accounts where there are none", "room:", "room:\n  lines: [{name: general}, {name: members, identity: true}]\nidentity: {mode: none}\nx:", "room.lines[1].identity: true: identity.mode is none"},
		{"general for codes alone", "room:", "room:\n  lines: [{name: general, code: true}]", "is the line that anybody may join"},
		{"a line for codes and accounts", "room:", "room:\n  lines: [{name: general}, {name: vip, code: true, identity: true}]", "want code or identity"},
		{"an unknown way to ask for work", "identity:", "proof: {mode: always}\nidentity:", `proof.mode: "always": want off, on, auto`},
		{"more work than a cheap phone can do in time", "identity:", "proof: {effort: 5s}\nidentity:", "proof.effort: 5s: want 100ms to 1.2s"},
	} {
		document := strings.Replace(small+keyless, test.old, test.new, 1)
		if _, err := Parse([]byte(document)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Parse refuses with\n got %v\nwant %s", test.say, err, test.want)
		}
	}
	if _, err := Parse([]byte(small + keyless)); err != nil {
		t.Errorf("Parse of the event that the rows change = %v", err)
	}
}

func TestIdentityKeys(t *testing.T) {
	ed, private, _ := ed25519.GenerateKey(rand.Reader)
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	long, _ := rsa.GenerateKey(rand.Reader, 2048)
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	one := publicPEM(t, ed)
	for _, test := range []struct{ say, algorithm, text, want string }{
		{"one Ed25519 key", EdDSA, one, ""},
		{"the key and the next one", EdDSA, one + "\n" + one, ""},
		{"a P-256 key", ES256, publicPEM(t, &p256.PublicKey), ""},
		{"an RSA key", RS256, publicPEM(t, &long.PublicKey), ""},
		{"an RSA key that can be broken", RS256, publicPEM(t, &short.PublicKey), "block 1: an RSA key of 1024 bits: want 2048 to 4096"},
		{"a curve that ES256 does not know", ES256, publicPEM(t, &p384.PublicKey), "block 1: a key of another kind than ES256 needs"},
		{"a key of another algorithm", RS256, one, "block 1: a key of another kind than RS256 needs"},
		{"the private key", EdDSA, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})), "block 1: want PUBLIC KEY (SubjectPublicKeyInfo), never a private one"},
		{"five keys", EdDSA, strings.Repeat(one, 5), "want at most 4 keys"},
		{"a block of something else inside", EdDSA, one + "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "block 2: not a public key"},
		{"nothing", EdDSA, " \n", "want at least one key"},
	} {
		_, err := Identity{Algorithm: test.algorithm, PublicKeys: test.text}.Keys()
		if got := message(err); got != test.want {
			t.Errorf("%s: Keys() = %q; want %q", test.say, got, test.want)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
