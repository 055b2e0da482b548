package admission

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

const (
	minSecret   = 32   // bytes; as strong as the HMAC's hash
	maxSecret   = 1024 // bytes
	minDistinct = 16   // of 32 random bytes about 30 differ: fewer were typed, not drawn
)

var (
	passID  = regexp.MustCompile(`^[a-z0-9]{4}$`)
	otherID = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
)

// material is a key file, decoded.
type material struct {
	pass      []macKey
	admission []signingKey
	draw      []drawKey // the oldest first
}

type signingKey struct {
	id        string
	algorithm Algorithm
	private   crypto.Signer
}

// open decodes all keys, or names everything that is wrong.
func (f KeyFile) open() (material, error) {
	var m material
	errs := []error{f.uniqueIDs()}
	known := map[[sha256.Size]byte]bool{} // the same key under two ids is a rotation that never happened
	note := func(place string, raw []byte, err error) {
		sum := sha256.Sum256(raw)
		if err == nil && len(raw) > 0 && known[sum] {
			err = errors.New("the same key stands under another id")
		}
		known[sum] = true
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", place, err))
		}
	}
	for i, k := range f.Pass {
		key, err := k.open()
		note(fmt.Sprintf("pass[%d]", i), key.secret, err)
		m.pass = append(m.pass, key)
	}
	for i, k := range f.Admission {
		key, der, err := k.open()
		note(fmt.Sprintf("admission[%d]", i), der, err)
		m.admission = append(m.admission, key)
	}
	var err error
	m.draw, err = f.openDraw(note)
	errs = append(errs, err)
	if len(f.Pass) == 0 {
		errs = append(errs, errors.New("pass: at least one key is needed"))
	}
	if len(f.Admission) == 0 {
		errs = append(errs, errors.New("admission: at least one key is needed"))
	}
	return m, errors.Join(errs...)
}

func (k PassKey) open() (macKey, error) {
	if !passID.MatchString(k.ID) {
		return macKey{}, fmt.Errorf("id %q: want four of a-z and 0-9", k.ID)
	}
	secret, err := k.Secret.random()
	if err != nil {
		return macKey{}, err
	}
	return macKey{id: keyID([]byte(k.ID)), secret: secret}, nil
}

// random decodes a secret that must have been drawn and not typed.
func (s Secret) random() ([]byte, error) {
	secret, err := base64.StdEncoding.Strict().DecodeString(string(s))
	if err != nil {
		return nil, errors.New("secret: not base64")
	}
	distinct := map[byte]bool{}
	for _, b := range secret {
		distinct[b] = true
	}
	switch {
	case len(secret) < minSecret:
		return nil, fmt.Errorf("secret: %d bytes; want at least %d", len(secret), minSecret)
	case len(secret) > maxSecret:
		return nil, fmt.Errorf("secret: %d bytes; want at most %d", len(secret), maxSecret)
	case len(distinct) < minDistinct:
		return nil, errors.New("secret: not random")
	}
	return secret, nil
}

// open also returns the key's DER, to tell keys apart.
func (k AdmissionKey) open() (signingKey, []byte, error) {
	if !otherID.MatchString(k.ID) {
		return signingKey{}, nil, fmt.Errorf("id %q: want 1 to 32 of a-z, 0-9 and -", k.ID)
	}
	der, err := k.der()
	if err != nil {
		return signingKey{}, nil, err
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return signingKey{}, nil, errors.New("key: not a PKCS #8 private key")
	}
	switch p := private.(type) {
	case ed25519.PrivateKey:
		if k.Algorithm == EdDSA || k.Algorithm == "" {
			return signingKey{k.ID, EdDSA, p}, der, nil
		}
	case *ecdsa.PrivateKey:
		if k.Algorithm == ES256 && p.Curve == elliptic.P256() {
			return signingKey{k.ID, ES256, p}, der, nil
		}
	}
	return signingKey{}, nil, fmt.Errorf("algorithm %q: want EdDSA with an Ed25519 key or ES256 with a P-256 key", k.Algorithm)
}

func (k AdmissionKey) der() ([]byte, error) {
	text := strings.TrimSpace(string(k.Key))
	if !strings.HasPrefix(text, "-----BEGIN") {
		der, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return nil, errors.New("key: neither PEM nor base64")
		}
		return der, nil
	}
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "PRIVATE KEY" || len(rest) > 0 {
		return nil, errors.New(`key: want one PEM block "PRIVATE KEY"`)
	}
	return block.Bytes, nil
}
