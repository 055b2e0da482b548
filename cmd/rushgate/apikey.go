package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

type apikey struct {
	Create apikeyCreate `cmd:"" help:"Make a key and print it once, with its lines for the operator's file."`
}

type apikeyCreate struct {
	Organization string `required:"" placeholder:"ID" help:"The only organization that the key can see or change."`
	Name         string `default:"organizer" help:"Who its changes are attributed to."`
}

func (apikeyCreate) Help() string {
	return `The key is shown this once. Only its SHA-256 goes into the operator's file.

Example:

    rushgate apikey create --organization acme --name box-office`
}

// apiKeyBytes is 256 bits: guessing is out of the question, so one SHA-256
// without salt or stretching keeps it safe at rest.
const apiKeyBytes = 32

// Run prints the key and the lines for the operator's file.
func (c apikeyCreate) Run(a *app) error {
	for field, value := range map[string]string{"organization": c.Organization, "name": c.Name} {
		if !name.MatchString(value) {
			return fmt.Errorf("--%s: %q: %s", field, value, nameRule)
		}
	}
	key, hash := newAPIKey()
	printf(a.stdout, "key: %s\n\n", key)
	printf(a.stdout, "api_keys:\n  - name: %s\n    organization: %s\n    sha256: %s\n", c.Name, c.Organization, hash)
	return nil
}

// newAPIKey returns a key and the hex SHA-256 that the operator's file keeps.
func newAPIKey() (key, hash string) {
	secret := make([]byte, apiKeyBytes)
	_, _ = rand.Read(secret) // never fails; the process ends first
	key = "rgk_" + base64.RawURLEncoding.EncodeToString(secret)
	sum := sha256.Sum256([]byte(key))
	return key, fmt.Sprintf("%x", sum)
}
