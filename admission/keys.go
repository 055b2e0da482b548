package admission

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

// Keys is the ring that a gateway signs and verifies with. It never changes
// and is safe for concurrent use; rotation makes a new one.
type Keys struct {
	issuer   string
	passes   *sealer
	browsers *sealer
	signer   signingKey
	verifier *Verifier
	jwks     []byte
	draws    []drawKey // the oldest first
	loaded   Loaded
}

// Loaded names the keys of a ring by their ids, which are no secret. Of Pass and
// Admission the first signs; Draw has the oldest first and none that was revoked.
// JSON, as a gateway shows it to its operators.
type Loaded struct {
	Pass      []string `json:"pass"`
	Admission []string `json:"admission"`
	Draw      []string `json:"draw"`
}

// Of returns the ids of one kind.
func (l Loaded) Of(kind Kind) []string {
	return map[Kind][]string{KindPass: l.Pass, KindAdmission: l.Admission, KindDraw: l.Draw}[kind]
}

// Loaded is what [KeyFile.Promote] wants to know of every gateway: whether it has
// the key that is to sign.
func (k *Keys) Loaded() Loaded { return k.loaded }

// NewKeys makes the ring of a key file. issuer goes into every admission and
// is demanded of it.
func NewKeys(issuer string, file KeyFile) (*Keys, error) {
	m, err := file.open()
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	k := &Keys{issuer: issuer, signer: m.admission[0], draws: m.draw, loaded: m.ids()}
	if k.passes, err = derive("rushgate pass v1", m.pass); err != nil {
		return nil, err
	}
	if k.browsers, err = derive("rushgate visitor cookie v1", m.pass); err != nil {
		return nil, err
	}
	for i, key := range k.draws {
		if key.revoked {
			continue
		}
		if k.draws[i].secret, err = deriveOne("rushgate draw v1", key.secret); err != nil {
			return nil, err
		}
	}
	public := make([]PublicKey, len(m.admission))
	for i, key := range m.admission {
		public[i] = PublicKey{ID: key.id, Algorithm: key.algorithm, Key: key.private.Public()}
	}
	if k.jwks, err = MarshalJWKS(public); err != nil {
		return nil, err
	}
	// The store's clock signs and verifies, so a gateway needs no leeway.
	if k.verifier, err = NewVerifier(issuer, public, 0); err != nil {
		return nil, err
	}
	return k, nil
}

// Ephemeral makes a ring that nobody else has and that ends with the process:
// for demos and development.
func Ephemeral(issuer string) (*Keys, error) {
	file, err := GenerateKeys(EdDSA)
	if err != nil {
		return nil, err
	}
	return NewKeys(issuer, file)
}

// JWKS is the JSON Web Key Set with the public keys of admissions, in the
// order of the key file. The caller must not change it.
func (k *Keys) JWKS() []byte { return k.jwks }

// derive makes keys for one purpose, so that a tag made for one never fits the
// other.
func derive(label string, keys []macKey) (*sealer, error) {
	derived := make([]macKey, len(keys))
	for i, key := range keys {
		secret, err := deriveOne(label, key.secret)
		if err != nil {
			return nil, err
		}
		derived[i] = macKey{id: key.id, secret: secret}
	}
	return newSealer(derived), nil
}

func deriveOne(label string, secret []byte) ([]byte, error) {
	derived, err := hkdf.Key(sha256.New, secret, nil, label, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive key for %s: %w", label, err)
	}
	return derived, nil
}

func (m material) ids() Loaded {
	loaded := Loaded{Pass: []string{}, Admission: []string{}, Draw: []string{}}
	for _, key := range m.pass {
		loaded.Pass = append(loaded.Pass, string(key.id[:]))
	}
	for _, key := range m.admission {
		loaded.Admission = append(loaded.Admission, key.id)
	}
	for _, key := range m.draw {
		if !key.revoked {
			loaded.Draw = append(loaded.Draw, key.id)
		}
	}
	return loaded
}
