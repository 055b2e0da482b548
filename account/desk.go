package account

import (
	"crypto"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
)

// Desk checks the accounts of all events. It is safe for concurrent use.
type Desk struct {
	secrets func(organization, name string) []byte
	sets    *Sets

	verifiers sync.Map // event id -> served
}

// served is an event's verifier and what it was made for. An id may come to be
// another organization's, whose secrets are its own.
type served struct {
	*Verifier
	organization string
}

// NewDesk returns a desk. secrets returns one of an organization's secrets by
// name, or nil; another organization's must not be found.
func NewDesk(secrets func(organization, name string) []byte, sets *Sets) *Desk {
	return &Desk{secrets: secrets, sets: sets}
}

// Visitor is who the account of a token is to e, by the store's time. It refuses
// with an [admission.Refusal] or ErrNoKeys.
func (d *Desk) Visitor(e *event.Event, token string, now time.Time) (admission.Visitor, error) {
	v, err := d.verifier(e)
	if err != nil {
		return admission.Visitor{}, err
	}
	return v.Visitor(token, now)
}

// Ready says why e's accounts cannot be checked: ErrNoKeys. It begins to follow a
// key set that was not followed yet, so asking again may be worth it.
func (d *Desk) Ready(e event.Event) error {
	v, err := d.verifier(&e)
	if err != nil {
		return err
	}
	_, _, err = v.keys.Find("")
	return err
}

// verifier is the event's, made anew when its identity or its owner has changed.
func (d *Desk) verifier(e *event.Event) (*Verifier, error) {
	if known, ok := d.verifiers.Load(e.ID); ok {
		if s := known.(served); s.identity == e.Identity && s.organization == e.Organization {
			return s.Verifier, nil
		}
	}
	v, err := New(e.ID, e.Identity, d.source(e))
	if err != nil {
		return nil, err
	}
	d.verifiers.Store(e.ID, served{v, e.Organization})
	return v, nil
}

func (d *Desk) source(e *event.Event) Source {
	switch id := e.Identity; {
	case id.Secret != "":
		return named{d.secrets, e.Organization, id.Secret}
	case id.JWKSURL != "":
		return d.sets.Follow(id.JWKSURL, id.Algorithm)
	default:
		keys, err := id.Keys()
		if err != nil { // no valid event has such keys
			return Fixed{}
		}
		return Fixed(keys)
	}
}

// named is a secret that the operator may exchange at any moment.
type named struct {
	secrets            func(organization, name string) []byte
	organization, name string
}

// Find implements Source.
func (n named) Find(string) ([]crypto.PublicKey, uint64, error) {
	secret := n.secrets(n.organization, n.name)
	if len(secret) == 0 {
		return nil, 0, ErrNoKeys
	}
	sum := sha256.Sum256(secret)
	return []crypto.PublicKey{secret}, binary.BigEndian.Uint64(sum[:]), nil
}
