package admission

// Keys is the ring that a gateway signs and verifies with. It never changes
// and is safe for concurrent use; rotation makes a new one.
type Keys struct{}

// NewKeys makes the ring of a key file. issuer goes into every admission and
// is demanded of it.
func NewKeys(issuer string, file KeyFile) (*Keys, error) { panic("not built") }

// Ephemeral makes a ring that nobody else has and that ends with the process:
// for demos and development.
func Ephemeral(issuer string) (*Keys, error) { panic("not built") }

// JWKS is the JSON Web Key Set with the public keys of admissions, in the
// order of the key file. The caller must not change it.
func (k *Keys) JWKS() []byte { panic("not built") }
