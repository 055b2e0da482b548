package admission

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"

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
//
// In each list the first key signs and all verify. Rotation is therefore two
// steps: add the new key and load the file everywhere, then promote it. A pass
// key stays in the file until the events that it sealed passes for are over,
// an admission key for as long as a session may last.
type KeyFile struct {
	Pass      []PassKey      `yaml:"pass"`
	Admission []AdmissionKey `yaml:"admission"`
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

// Algorithm signs admissions.
type Algorithm string

const (
	EdDSA Algorithm = "EdDSA" // Ed25519
	ES256 Algorithm = "ES256" // ECDSA on P-256, for origins that lack EdDSA
)

// GenerateKeys makes a file with one fresh key in each list.
func GenerateKeys(alg Algorithm) (KeyFile, error) {
	f, _, err := KeyFile{}.AddAdmission(alg)
	if err != nil {
		return KeyFile{}, err
	}
	f, _, err = f.AddPass()
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

// AddPass appends a fresh pass key and returns the new file and the key's id:
// it verifies everywhere before [KeyFile.Promote] lets it sign.
func (f KeyFile) AddPass() (KeyFile, string, error) {
	secret := make([]byte, minSecret)
	_, _ = rand.Read(secret) // never fails
	id := freshID(keyIDSize)
	key := PassKey{ID: id, Secret: Secret(base64.StdEncoding.EncodeToString(secret))}
	f.Pass = append(slices.Clone(f.Pass), key)
	return f, id, f.uniqueIDs()
}

// AddAdmission appends a fresh admission key, as AddPass does.
func (f KeyFile) AddAdmission(alg Algorithm) (KeyFile, string, error) {
	var private any
	var err error
	switch alg {
	case EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	case ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		err = fmt.Errorf("unknown algorithm %q: want EdDSA or ES256", alg)
	}
	if err != nil {
		return KeyFile{}, "", fmt.Errorf("generate admission key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return KeyFile{}, "", fmt.Errorf("generate admission key: %w", err)
	}
	id := freshID(8)
	key := AdmissionKey{ID: id, Algorithm: alg, Key: Secret(base64.StdEncoding.EncodeToString(der))}
	f.Admission = append(slices.Clone(f.Admission), key)
	return f, id, f.uniqueIDs()
}

// Promote moves the key with this id to the front of its list: it signs from
// the next load on. Every gateway must have loaded the key before.
func (f KeyFile) Promote(id string) (KeyFile, error) {
	if i := slices.IndexFunc(f.Pass, func(k PassKey) bool { return k.ID == id }); i >= 0 {
		f.Pass = toFront(f.Pass, i)
		return f, nil
	}
	if i := slices.IndexFunc(f.Admission, func(k AdmissionKey) bool { return k.ID == id }); i >= 0 {
		f.Admission = toFront(f.Admission, i)
		return f, nil
	}
	return KeyFile{}, fmt.Errorf("no key has the id %q", id)
}

func toFront[T any](list []T, i int) []T {
	return slices.Insert(slices.Delete(slices.Clone(list), i, i+1), 0, list[i])
}

// uniqueIDs holds ids apart over both lists, so that one id names one key.
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
	return errors.Join(errs...)
}

// freshID is a random id without the letters that are misread.
func freshID(size int) string {
	const letters = "0123456789abcdefghjkmnpqrstvwxyz" // 32: no bias
	id := make([]byte, size)
	_, _ = rand.Read(id)
	for i, b := range id {
		id[i] = letters[b%32]
	}
	return string(id)
}
