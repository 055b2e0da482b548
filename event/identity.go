package event

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Identity says how the organizer tells accounts apart: by a signed token (JWT)
// that the visitor brings along. An account has one place, on whatever device.
//
// It is comparable, so that whoever made something of it knows when it is out of
// date. A secret stands in the operator's file; here is only its name.
type Identity struct {
	Mode      IdentityMode `json:"mode" yaml:"mode"` // default none
	Issuer    string       `json:"issuer" yaml:"issuer"`
	Audience  string       `json:"audience" yaml:"audience"`
	Algorithm string       `json:"algorithm" yaml:"algorithm"` // the only one that is accepted

	// Where the token is found, besides the field "identity" of a join: at most one.
	Header string `json:"header" yaml:"header"` // of Authorization, what follows "Bearer "
	Cookie string `json:"cookie" yaml:"cookie"`

	// What it is checked with: exactly one, of the algorithm's kind.
	Secret     string `json:"secret" yaml:"secret"`           // name of one of the organization's identity_secrets
	PublicKeys string `json:"public_keys" yaml:"public_keys"` // PEM, up to MaxPublicKeys
	JWKSURL    string `json:"jwks_url" yaml:"jwks_url"`       // https

	SignInURL string `json:"sign_in_url" yaml:"sign_in_url"` // where the page sends who has no account at hand
}

// IdentityMode says whether a place needs an account.
type IdentityMode string

const (
	IdentityNone     IdentityMode = "none"
	IdentityOptional IdentityMode = "optional" // an account has one place; others are browsers
	IdentityRequired IdentityMode = "required" // nobody joins without an account or a code
)

// The algorithms that an identity may be signed with.
const (
	HS256 = "HS256"
	RS256 = "RS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

const (
	// MaxPublicKeys is how many keys may stand in an event: one, and those that it
	// is being exchanged for.
	MaxPublicKeys = 4
	minRSA        = 2048 // bits
	maxRSA        = 4096 // bits; a longer one costs the gateway more than it brings
)

var headerPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,59}$`)

var cookiePattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`)

// Proof says whether a visitor must work before joining. See admission.Effort.
type Proof struct {
	Mode   ProofMode `json:"mode" yaml:"mode"`     // default off
	Effort Duration  `json:"effort" yaml:"effort"` // the most that a cheap phone works, on average; default 1s, at most MaxEffort
}

// ProofMode says when a visitor must work.
type ProofMode string

const (
	ProofOff  ProofMode = "off"
	ProofOn   ProofMode = "on"   // always, and harder in a rush
	ProofAuto ProofMode = "auto" // only in a rush
)

// MaxEffort leaves a cheap phone within two seconds, 99 times in 100: what a
// proof takes is spread as the sum of admission.Shares waits is.
const MaxEffort = 1200 * time.Millisecond

func (c *checks) proof(p Proof) {
	c.oneOf("proof.mode", string(p.Mode), string(ProofOff), string(ProofOn), string(ProofAuto))
	ok := p.Effort >= Duration(100*time.Millisecond) && p.Effort <= Duration(MaxEffort)
	c.unless(ok, "proof.effort", p.Effort.String(), fmt.Sprintf("want 100ms to %v", MaxEffort))
}

func (c *checks) account(id Identity) {
	c.oneOf("identity.mode", string(id.Mode), string(IdentityNone), string(IdentityOptional), string(IdentityRequired))
	if id.Mode == IdentityNone {
		return // the rest may stay written while it is off
	}
	c.unless(id.Issuer != "" && len(id.Issuer) <= 200, "identity.issuer", quote(id.Issuer), "want what stands as iss in the tokens, 1 to 200 bytes")
	c.unless(id.Audience != "" && len(id.Audience) <= 200, "identity.audience", quote(id.Audience), "want what stands as aud in the tokens, 1 to 200 bytes")
	c.oneOf("identity.algorithm", id.Algorithm, HS256, RS256, ES256, EdDSA)
	c.unless(id.Header == "" || headerPattern.MatchString(id.Header), "identity.header", quote(id.Header), "want the name of a request header")
	c.unless(!reservedHeader(id.Header), "identity.header", quote(id.Header), "is a header that the gateway or every client uses: choose one of the shop's own, or Authorization")
	c.unless(id.Cookie == "" || cookiePattern.MatchString(id.Cookie), "identity.cookie", quote(id.Cookie), "want the name of a cookie")
	c.unless(!strings.Contains(id.Cookie, "rg_"), "identity.cookie", quote(id.Cookie), "looks like one of the gateway's own: choose one of the shop's")
	c.unless(id.Header == "" || id.Cookie == "", "identity.cookie", quote(id.Cookie), "there is a header already: want one place where the token is")
	c.link("identity.sign_in_url", id.SignInURL)
	c.identityKeys(id)
}

func (c *checks) identityKeys(id Identity) {
	sources := 0
	for _, source := range []string{id.Secret, id.PublicKeys, id.JWKSURL} {
		if source != "" {
			sources++
		}
	}
	c.unless(sources == 1, "identity", "", "want exactly one of secret, public_keys and jwks_url")
	// A public key as an HMAC secret is the oldest forgery there is.
	c.unless((id.Algorithm == HS256) == (id.Secret != ""), "identity.algorithm", quote(id.Algorithm), "HS256 goes with secret, the others with public_keys or jwks_url")
	c.unless(id.Secret == "" || namePattern.MatchString(id.Secret), "identity.secret", quote(id.Secret),
		"want the name of one of the organization's identity_secrets in the operator's file, never the secret")
	if id.PublicKeys != "" {
		_, err := id.Keys()
		c.unless(err == nil, "identity.public_keys", "", fmt.Sprint(err))
	}
	u, err := url.Parse(id.JWKSURL)
	ok := err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.Fragment == "" && len(id.JWKSURL) <= 500
	c.unless(id.JWKSURL == "" || ok, "identity.jwks_url", quote(id.JWKSURL), "want an https address without user or fragment")
}

// reservedHeader keeps an organizer from naming a header that means something
// else to somebody on the way.
func reservedHeader(name string) bool {
	name = strings.ToLower(name)
	for _, prefix := range []string{"rushgate-", "sec-", "proxy-", "x-forwarded-", "access-control-", "accept", "content-", "if-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "cookie", "host", "connection", "origin", "referer", "user-agent", "forwarded", "via", "te", "transfer-encoding", "upgrade", "expect", "range":
		return true
	}
	return false
}

// Keys reads PublicKeys. An error names the block, counted from 1, and never
// quotes it: somebody may have pasted the private key.
func (id Identity) Keys() ([]crypto.PublicKey, error) {
	var keys []crypto.PublicKey
	for rest := []byte(id.PublicKeys); len(strings.TrimSpace(string(rest))) > 0; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		n := len(keys) + 1
		switch {
		case block == nil:
			return nil, fmt.Errorf("block %d: not PEM", n)
		case block.Type != "PUBLIC KEY":
			return nil, fmt.Errorf("block %d: want PUBLIC KEY (SubjectPublicKeyInfo), never a private one", n)
		case n > MaxPublicKeys:
			return nil, fmt.Errorf("want at most %d keys", MaxPublicKeys)
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("block %d: not a public key", n)
		}
		if err := FitsAlgorithm(key, id.Algorithm); err != nil {
			return nil, fmt.Errorf("block %d: %w", n, err)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("want at least one key")
	}
	return keys, nil
}

// FitsAlgorithm says why a public key does not check signatures of an algorithm.
func FitsAlgorithm(key crypto.PublicKey, algorithm string) error {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); algorithm == RS256 && (bits < minRSA || bits > maxRSA) {
			return fmt.Errorf("an RSA key of %d bits: want %d to %d", bits, minRSA, maxRSA)
		}
		if algorithm == RS256 {
			return nil
		}
	case *ecdsa.PublicKey:
		if algorithm == ES256 && key.Curve == elliptic.P256() {
			return nil
		}
	case ed25519.PublicKey:
		if algorithm == EdDSA {
			return nil
		}
	}
	return fmt.Errorf("a key of another kind than %s needs", algorithm)
}

// Line is the line of that name, and whether there is one.
func (r Room) Line(name string) (Line, bool) {
	for _, line := range r.Lines {
		if line.Name == name {
			return line, true
		}
	}
	return Line{}, false
}

// TakesCodes says that a presale code opens one of the lines.
func (r Room) TakesCodes() bool {
	for _, line := range r.Lines {
		if line.Code {
			return true
		}
	}
	return false
}
