package admission

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"go.yaml.in/yaml/v4"
)

// KeyFile is the operator's file of secrets:
//
//	pass:                    # passes and visitor cookies
//	  - id: k7qx             # [a-z0-9]{4}
//	    secret: 3q2+7w...    # base64 of 32 to 1024 random bytes
//	admission:               # admissions; the public halves are published
//	  - id: m3d9k2p4         # [a-z0-9-]{1,32}
//	    algorithm: EdDSA     # or ES256
//	    key: MC4CAQ...       # PKCS #8: PEM, or its base64 alone
//	draw:                    # seeds of draws; may be missing where nothing is drawn
//	  - id: 9rtw2mkc         # [a-z0-9-]{1,32}
//	    from: 2027-03-01T00:00:00Z
//	    secret: 8Jw1pz...    # as of a pass key
//
// Of passes and admissions the first key signs and all verify. Rotation is
// therefore two steps: add the new key and load the file everywhere, then
// promote it. A pass key stays in the file until the events that it sealed passes
// for are over, an admission key for as long as a session may last.
//
// Draws go by date instead ([Keys.DrawSeed]): adding a key whose date lies ahead
// is the whole rotation, and it stays until the events of its time are over.
type KeyFile struct {
	Pass      []PassKey      `yaml:"pass"`
	Admission []AdmissionKey `yaml:"admission"`
	Draw      []DrawKey      `yaml:"draw,omitempty"`
}

// PassKey signs passes and visitor cookies.
type PassKey struct {
	ID     string `yaml:"id"`
	Secret Secret `yaml:"secret"`
}

// AdmissionKey signs admissions.
type AdmissionKey struct {
	ID        string    `yaml:"id"`
	Algorithm Algorithm `yaml:"algorithm,omitempty"` // default EdDSA
	Key       Secret    `yaml:"key"`
}

// DrawKey makes the seeds of the draws that open from From on, until the next
// draw key's From. One that was revoked has lost its secret and keeps its time,
// or its draws would silently be made with an older key.
type DrawKey struct {
	ID      string `yaml:"id"`
	From    string `yaml:"from"` // RFC 3339
	Secret  Secret `yaml:"secret,omitempty"`
	Revoked bool   `yaml:"revoked,omitempty"`
}

// Algorithm signs admissions.
type Algorithm string

const (
	EdDSA Algorithm = "EdDSA" // Ed25519
	ES256 Algorithm = "ES256" // ECDSA on P-256, for origins that lack EdDSA
)

// GenerateKeys makes a file with one fresh key in each list; that of draws is in
// force from ever.
func GenerateKeys(alg Algorithm) (KeyFile, error) {
	f, _, err := KeyFile{}.AddAdmission(alg)
	if err != nil {
		return KeyFile{}, err
	}
	if f, _, err = f.AddPass(); err != nil {
		return KeyFile{}, err
	}
	f, _, err = f.AddDraw(time.Unix(0, 0))
	return f, err
}

// ParseKeyFile reads YAML strictly and names everything that is wrong with it,
// without quoting any of it.
func ParseKeyFile(data []byte) (KeyFile, error) {
	var f KeyFile
	if err := yaml.Load(data, &f, yaml.WithKnownFields()); err != nil {
		return KeyFile{}, fmt.Errorf("key file: %s", quoted.ReplaceAllString(err.Error(), "(hidden)"))
	}
	if _, err := f.open(); err != nil {
		return KeyFile{}, fmt.Errorf("key file: %w", err)
	}
	return f, nil
}

// quoted finds the values that the YAML library quotes in its errors.
var quoted = regexp.MustCompile("(?s)`.*?`")

// Marshal writes the file as YAML, secrets included.
func (f KeyFile) Marshal() ([]byte, error) {
	data, err := yaml.Dump(f)
	if err != nil {
		return nil, fmt.Errorf("write key file: %w", err)
	}
	return data, nil
}

// uniqueIDs holds ids apart over all lists, so that one id names one key.
func (f KeyFile) uniqueIDs() error {
	var errs []error
	seen := map[string]bool{}
	note := func(list string, i int, id string) {
		if seen[id] {
			errs = append(errs, fmt.Errorf("%s[%d]: id %q is taken", list, i, id))
		}
		seen[id] = true
	}
	for i, k := range f.Pass {
		note("pass", i, k.ID)
	}
	for i, k := range f.Admission {
		note("admission", i, k.ID)
	}
	for i, k := range f.Draw {
		note("draw", i, k.ID)
	}
	return errors.Join(errs...)
}
