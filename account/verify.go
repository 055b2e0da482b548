package account

import (
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/maypok86/otter/v2"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
)

const (
	maxToken   = 4096 // bytes, before anything is decoded
	maxSubject = 255  // bytes
	// leeway is how far the issuer's clock and the store's may differ.
	leeway = 30 * time.Second
	// maxVerified bounds the tokens that are remembered, at some 150 bytes each.
	maxVerified = 1 << 16
)

// ErrNoKeys says that the keys are not there: the key set was not fetched yet,
// or the operator's file does not have the secret.
var ErrNoKeys = errors.New("the keys of the identity's issuer are not there")

// Source is where the keys of one issuer are.
type Source interface {
	// Find returns the keys that a token may be signed with, given its kid, which
	// may be empty; none: the kid is not known. version changes whenever an
	// earlier answer may have become wrong. The error is ErrNoKeys.
	Find(kid string) (keys []crypto.PublicKey, version uint64, err error)
}

// Verifier checks the tokens of one event's accounts. It is safe for concurrent
// use.
type Verifier struct {
	event    string
	identity event.Identity
	keys     Source
	verified *otter.Cache[[sha256.Size]byte, verified]
}

// verified is a token that passed once.
type verified struct {
	visitor    admission.Visitor
	begins     time.Time // zero: any time
	ends       time.Time
	keyVersion uint64
}

// New returns the verifier of an event that has an identity; keys must be of the
// kind that its algorithm needs ([]byte for HS256).
func New(eventID string, id event.Identity, keys Source) (*Verifier, error) {
	v := &Verifier{event: eventID, identity: id, keys: keys}
	var err error
	v.verified, err = otter.New(&otter.Options[[sha256.Size]byte, verified]{MaximumSize: maxVerified})
	if err != nil {
		return nil, fmt.Errorf("account verifier: %w", err)
	}
	return v, nil
}

// Visitor is who the account of a token is, to the event; now is the store's
// time. It refuses with an [admission.Refusal] or ErrNoKeys.
func (v *Verifier) Visitor(token string, now time.Time) (admission.Visitor, error) {
	if len(token) > maxToken || token == "" {
		return admission.Visitor{}, admission.ErrMalformed
	}
	sum := sha256.Sum256([]byte(token))
	if known, ok := v.verified.GetIfPresent(sum); ok {
		_, version, err := v.keys.Find("")
		if err == nil && version == known.keyVersion {
			return known.at(now)
		}
	}
	fresh, err := v.parse(token, now)
	if err != nil {
		return admission.Visitor{}, err
	}
	v.verified.Set(sum, fresh)
	return fresh.visitor, nil
}

// at holds a remembered token against the moment, as the parser does.
func (k verified) at(now time.Time) (admission.Visitor, error) {
	switch {
	case !now.Before(k.ends.Add(leeway)):
		return admission.Visitor{}, admission.ErrExpired
	case now.Before(k.begins.Add(-leeway)):
		return admission.Visitor{}, admission.ErrNotYet
	}
	return k.visitor, nil
}

// parse checks everything. Claims are a map, because matching by struct would
// take "SUB" for "sub".
func (v *Verifier) parse(token string, now time.Time) (verified, error) {
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{v.identity.Algorithm}),
		jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(),
		jwt.WithIssuer(v.identity.Issuer),
		jwt.WithAudience(v.identity.Audience),
		jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(func() time.Time { return now }),
	)
	claims := jwt.MapClaims{}
	var version uint64
	_, err := parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		keys, at, err := v.pick(t)
		version = at
		return keys, err
	})
	if err != nil {
		return verified{}, refusalOf(err)
	}
	subject, err := claims.GetSubject()
	if err != nil || subject == "" || len(subject) > maxSubject {
		return verified{}, admission.ErrMalformed
	}
	ends, _ := claims.GetExpirationTime() // the parser has read both
	k := verified{visitor: visitorOf(v.event, v.identity.Issuer, subject), ends: ends.Time, keyVersion: version}
	if begins, _ := claims.GetNotBefore(); begins != nil {
		k.begins = begins.Time
	}
	return k, nil
}

// pick finds the keys for a token. Its header is the sender's: it may name a key
// of the issuer's, and bring none along.
func (v *Verifier) pick(token *jwt.Token) (any, uint64, error) {
	kid, isText := token.Header["kid"].(string)
	if _, given := token.Header["kid"]; given && !isText || len(kid) > maxSubject {
		return nil, 0, admission.ErrMalformed
	}
	if _, demands := token.Header["crit"]; demands {
		return nil, 0, admission.ErrMalformed // says that who does not know an extension must refuse
	}
	keys, version, err := v.keys.Find(kid)
	switch {
	case err != nil:
		return nil, 0, err
	case len(keys) == 0:
		return nil, 0, admission.ErrUnknownKey
	}
	set := jwt.VerificationKeySet{}
	for _, key := range keys {
		set.Keys = append(set.Keys, key)
	}
	return set, version, nil
}

func refusalOf(err error) error {
	var refusal admission.Refusal
	switch {
	case errors.Is(err, ErrNoKeys):
		return ErrNoKeys
	case errors.As(err, &refusal):
		return refusal
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return admission.ErrForged
	case errors.Is(err, jwt.ErrTokenInvalidIssuer), errors.Is(err, jwt.ErrTokenInvalidAudience):
		return admission.ErrElsewhere
	case errors.Is(err, jwt.ErrTokenExpired):
		return admission.ErrExpired
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return admission.ErrNotYet
	}
	return admission.ErrMalformed
}

// visitorOf is an account within an event. Lengths stand before the texts, so
// that no two accounts of two issuers run together; without a secret, so that it
// outlives every key, as a browser's id does.
func visitorOf(eventID, issuer, subject string) admission.Visitor {
	message := []byte("rushgate account v1\x00")
	for _, part := range []string{eventID, issuer, subject} {
		message = append(message, byte(len(part)))
		message = append(message, part...)
	}
	sum := sha256.Sum256(message)
	return admission.Visitor(sum[:16])
}
