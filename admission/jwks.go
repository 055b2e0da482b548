package admission

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// PublicKey checks the admissions that name its id, and only by its own
// algorithm.
type PublicKey struct {
	ID        string
	Algorithm Algorithm
	Key       crypto.PublicKey // ed25519.PublicKey or *ecdsa.PublicKey on P-256
}

// jwk is one key of a JSON Web Key Set (RFC 7517, RFC 8037).
type jwk struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	Algorithm string `json:"alg"`
	Use       string `json:"use"`
	ID        string `json:"kid"`
	X         string `json:"x"`
	Y         string `json:"y,omitempty"`
}

type jwkSet struct {
	Keys []jwk `json:"keys"`
}

const p256Coordinate = 32 // bytes

// MarshalJWKS writes keys as a JSON Web Key Set, in their order.
func MarshalJWKS(keys []PublicKey) ([]byte, error) {
	set := jwkSet{Keys: make([]jwk, 0, len(keys))}
	text := base64.RawURLEncoding.EncodeToString
	for _, key := range keys {
		entry := jwk{Algorithm: string(key.Algorithm), Use: "sig", ID: key.ID}
		switch public := key.Key.(type) {
		case ed25519.PublicKey:
			entry.Type, entry.Curve, entry.X = "OKP", "Ed25519", text(public)
		case *ecdsa.PublicKey:
			point, err := public.Bytes() // 4 | X | Y
			if err != nil {
				return nil, fmt.Errorf("write key set: key %q: %w", key.ID, err)
			}
			entry.Type, entry.Curve = "EC", "P-256"
			entry.X, entry.Y = text(point[1:1+p256Coordinate]), text(point[1+p256Coordinate:])
		}
		set.Keys = append(set.Keys, entry)
	}
	data, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("write key set: %w", err)
	}
	return data, nil
}

// ParseJWKS reads a JSON Web Key Set. Keys of kinds that Rushgate does not
// sign with are left out; a damaged key of its own kinds is an error.
func ParseJWKS(data []byte) ([]PublicKey, error) {
	var set jwkSet
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, fmt.Errorf("read key set: %w", err)
	}
	var keys []PublicKey
	for i, entry := range set.Keys {
		key, known, err := entry.open()
		if err != nil {
			return nil, fmt.Errorf("read key set: key %d: %w", i, err)
		}
		if known {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func (j jwk) open() (key PublicKey, known bool, err error) {
	kind := [3]string{j.Type, j.Curve, j.Algorithm}
	isEd := kind == [3]string{"OKP", "Ed25519", string(EdDSA)}
	isEC := kind == [3]string{"EC", "P-256", string(ES256)}
	if j.Use != "sig" || !isEd && !isEC {
		return PublicKey{}, false, nil
	}
	x, errX := base64.RawURLEncoding.Strict().DecodeString(j.X)
	y, errY := base64.RawURLEncoding.Strict().DecodeString(j.Y)
	if err := errors.Join(errX, errY); err != nil {
		return PublicKey{}, false, err
	}
	if isEd {
		if len(x) != ed25519.PublicKeySize {
			return PublicKey{}, false, errors.New("x has the wrong length")
		}
		return PublicKey{ID: j.ID, Algorithm: EdDSA, Key: ed25519.PublicKey(x)}, true, nil
	}
	point := append(append([]byte{4}, x...), y...)
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return PublicKey{}, false, fmt.Errorf("not a point of P-256: %w", err)
	}
	return PublicKey{ID: j.ID, Algorithm: ES256, Key: public}, true, nil
}
