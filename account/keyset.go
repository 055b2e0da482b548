package account

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"github.com/bilten/rushgate/event"
)

// maxSetKeys bounds a key set; each is tried on a token that names none.
const maxSetKeys = 16

// Fixed are keys that never change: a secret of the operator's file, or public
// keys that stand in the event. An empty one is a secret that is not there.
type Fixed []crypto.PublicKey

// Find returns all of them: they have no ids.
func (f Fixed) Find(string) ([]crypto.PublicKey, uint64, error) {
	if len(f) == 0 {
		return nil, 0, ErrNoKeys
	}
	return f, 0, nil
}

// setKey is one key of a set.
type setKey struct {
	id     string
	public crypto.PublicKey
}

// parseSet reads a JSON Web Key Set (RFC 7517). Keys that are of no use for the
// algorithm are left out: other kinds, those for encryption, private and
// symmetric ones.
func parseSet(data []byte, algorithm string) ([]setKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, errors.New("not a JSON Web Key Set")
	}
	var keys []setKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) != nil || key.Use == "enc" || key.Algorithm != "" && key.Algorithm != algorithm {
			continue
		}
		if event.FitsAlgorithm(key.Key, algorithm) == nil {
			keys = append(keys, setKey{key.KeyID, key.Key})
		}
	}
	switch {
	case len(keys) == 0:
		return nil, fmt.Errorf("none of its %d keys is for %s", len(set.Keys), algorithm)
	case len(keys) > maxSetKeys:
		return nil, fmt.Errorf("%d keys: want at most %d", len(keys), maxSetKeys)
	}
	return keys, nil
}
