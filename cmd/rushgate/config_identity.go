package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/bilten/rushgate/event"
)

// IdentityRules bound what events may ask for to check accounts with.
type IdentityRules struct {
	AllowNetworks []string `yaml:"allow_networks" help:"Networks (CIDR) beyond the public ones in which an event's identity.jwks_url may be. Anything private is refused otherwise: the address is the organizer's, the network yours."`
}

const (
	minSecret = 32 // bytes; as strong as the HMAC's hash
	maxSecret = 1024
)

// secretName is a secret of one organization: no other one finds it.
type secretName struct{ organization, name string }

func (c Config) validateIdentity(p *problems) {
	p.networks("identity.allow_networks", c.Identity.AllowNetworks)
	for _, id := range sortedKeys(c.Organizations) {
		for _, secret := range sortedKeys(c.Organizations[id].IdentitySecrets) {
			at := "organizations." + id + ".identity_secrets." + secret
			if !name.MatchString(secret) {
				p.add(at, secret, nameRule)
			}
			p.readable(at, c.beside(c.Organizations[id].IdentitySecrets[secret]))
		}
	}
}

// openIdentitySecrets reads the files, and never quotes them.
func (c Config) openIdentitySecrets() (map[secretName][]byte, error) {
	secrets := map[secretName][]byte{}
	var errs []error
	for _, id := range sortedKeys(c.Organizations) {
		for _, secret := range sortedKeys(c.Organizations[id].IdentitySecrets) {
			file := c.beside(c.Organizations[id].IdentitySecrets[secret])
			data, err := readSecret(file)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %s", file, plainPathError(err)))
			}
			secrets[secretName{id, secret}] = data
		}
	}
	return secrets, errors.Join(errs...)
}

// readSecret reads a secret of an HMAC, and never quotes it.
func readSecret(file string) ([]byte, error) {
	data, err := readSmall(file)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimSpace(data)
	if len(data) < minSecret || len(data) > maxSecret {
		return nil, fmt.Errorf("%d bytes without the space around them: want %d to %d", len(data), minSecret, maxSecret)
	}
	return data, nil
}

// missingSecrets names the events whose accounts nobody could check.
func (c Config) missingSecrets(events []event.Event) error {
	var errs []error
	for _, e := range events {
		_, known := c.Organizations[e.Organization].IdentitySecrets[e.Identity.Secret]
		if e.Identity.Secret != "" && !known {
			errs = append(errs, fmt.Errorf("event %s: identity.secret: %q: is not among organizations.%s.identity_secrets", e.ID, e.Identity.Secret, e.Organization))
		}
	}
	return errors.Join(errs...)
}
