package admission

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/maypok86/otter/v2"
)

const (
	maxToken = 4096 // bytes, before anything is decoded
	// maxVerified bounds the tokens whose signature is remembered, at half a
	// kilobyte each: more than the sessions of 50 instances with 1000 each.
	maxVerified = 1 << 16
	// MaxLeeway is how far the clock of an origin may be off.
	MaxLeeway = 30 * time.Second
)

// methods are the only ways to sign an admission.
var methods = map[Algorithm]jwt.SigningMethod{
	EdDSA: jwt.SigningMethodEdDSA,
	ES256: jwt.SigningMethodES256,
}

// Verifier checks admissions with public keys. It is safe for concurrent use.
//
// A signature costs some sixty times as much as everything else, so the tokens
// that passed are remembered. What depends on the moment or on the event is
// checked each time, and other keys mean another Verifier: a removed key is
// forgotten at once.
type Verifier struct {
	issuer   string
	leeway   time.Duration
	keys     map[string]PublicKey
	parser   *jwt.Parser
	verified *otter.Cache[string, Admission]
}

// NewVerifier makes a verifier that knows the given keys. leeway is for clocks
// that differ, at most [MaxLeeway].
func NewVerifier(issuer string, keys []PublicKey, leeway time.Duration) (*Verifier, error) {
	switch {
	case issuer == "":
		return nil, errors.New("verifier: an issuer is needed")
	case len(keys) == 0:
		return nil, errors.New("verifier: at least one key is needed")
	case leeway < 0 || leeway > MaxLeeway:
		return nil, fmt.Errorf("verifier: leeway %s: want 0 to %s", leeway, MaxLeeway)
	}
	v := &Verifier{issuer: issuer, leeway: leeway, keys: map[string]PublicKey{}}
	for _, key := range keys {
		if _, taken := v.keys[key.ID]; taken || key.ID == "" || methods[key.Algorithm] == nil {
			return nil, fmt.Errorf("verifier: key %q: no id, id taken or unknown algorithm", key.ID)
		}
		v.keys[key.ID] = key
	}
	// The key pins one of the methods, so that a new key of the other algorithm
	// is unknown, not forged. The parser's own checks of claims are off: check
	// makes them, on remembered tokens too.
	v.parser = jwt.NewParser(
		jwt.WithValidMethods([]string{string(EdDSA), string(ES256)}),
		jwt.WithStrictDecoding(),
		jwt.WithoutClaimsValidation(),
	)
	var err error
	v.verified, err = otter.New(&otter.Options[string, Admission]{MaximumSize: maxVerified})
	if err != nil {
		return nil, fmt.Errorf("verifier: %w", err)
	}
	return v, nil
}

// Verify returns the admission in a token. Any [Refusal] may be the error.
// An admission that ended within Want.Grace is returned without an error: its
// Ends is before Want.Now. What ended earlier is ErrExpired.
func (v *Verifier) Verify(token string, w Want) (Admission, error) {
	if len(token) > maxToken {
		return Admission{}, ErrMalformed
	}
	a, known := v.verified.GetIfPresent(token)
	if !known {
		if !isCompact(token) {
			return Admission{}, ErrMalformed
		}
		var err error
		if a, err = v.parse(token); err != nil {
			return Admission{}, err
		}
		// A copy: the token is a piece of a request's headers, which must not live on.
		v.verified.Set(strings.Clone(token), a)
	}
	if err := v.check(a, w); err != nil {
		return Admission{}, err
	}
	a.Prices = maps.Clone(a.Prices) // the caller may do with it what it likes
	return a, nil
}

// isCompact is true for three parts of base64url: neither thousands of dots
// nor line breaks, which decoders skip, get any further.
func isCompact(token string) bool {
	dots := 0
	for i := range len(token) {
		switch c := token[i]; {
		case c == '.' && dots < 2:
			dots++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return dots == 2
}

// parse checks the signature and whatever never changes.
func (v *Verifier) parse(token string) (Admission, error) {
	var c claims
	var refusal Refusal
	_, err := v.parser.ParseWithClaims(token, &c, v.key)
	switch {
	case errors.As(err, &refusal):
		return Admission{}, refusal
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return Admission{}, ErrForged
	case err != nil:
		return Admission{}, ErrMalformed
	case c.Schema > schema:
		return Admission{}, ErrNewerSchema
	}
	a, err := c.admission()
	switch {
	case err != nil:
		return Admission{}, ErrMalformed
	case c.Issuer != v.issuer:
		return Admission{}, ErrElsewhere
	}
	return a, nil
}

// key picks the key for a token. The header is the sender's: it may name a key
// of ours, and nothing else (jku, jwk, x5u, crit) may stand beside alg, typ and
// kid.
func (v *Verifier) key(token *jwt.Token) (any, error) {
	id, _ := token.Header["kid"].(string)
	if token.Header["typ"] != tokenType || len(token.Header) != 3 || id == "" {
		return nil, ErrMalformed
	}
	key, known := v.keys[id]
	switch {
	case !known:
		return nil, ErrUnknownKey
	case token.Method != methods[key.Algorithm]:
		return nil, ErrForged
	}
	return key.Key, nil
}

// check holds a genuine admission against what is wanted now.
func (v *Verifier) check(a Admission, w Want) error {
	leeway := v.leeway.Milliseconds()
	switch {
	case a.Event != w.Event || a.Organization != w.Organization:
		return ErrElsewhere
	case w.Now < a.IssuedAt-leeway-w.Ahead.Milliseconds():
		return ErrNotYet
	case w.Now >= a.Ends+leeway+w.Grace.Milliseconds():
		return ErrExpired
	}
	return nil
}
