package admission

// KeyFile is the operator's file of secrets. In each list the first key signs
// and all verify.
type KeyFile struct {
	Pass      []PassKey      `yaml:"pass"`
	Admission []AdmissionKey `yaml:"admission"`
}

// PassKey signs passes and visitor cookies.
type PassKey struct {
	ID     string `yaml:"id"`     // [a-z0-9]{4}
	Secret Secret `yaml:"secret"` // base64 of at least 32 random bytes
}

// AdmissionKey signs admissions.
type AdmissionKey struct {
	ID        string    `yaml:"id"` // [a-z0-9-]{1,32}
	Algorithm Algorithm `yaml:"algorithm,omitempty"`
	Key       Secret    `yaml:"key"` // PKCS #8, PEM or its base64 alone
}

// Algorithm signs admissions.
type Algorithm string

const (
	EdDSA Algorithm = "EdDSA" // Ed25519; the default
	ES256 Algorithm = "ES256"
)

// Secret is text that no log and no format verb shows.
type Secret string

// GenerateKeys makes a file with one fresh key in each list.
func GenerateKeys(alg Algorithm) (KeyFile, error) { panic("not built") }

// ParseKeyFile reads YAML strictly and names everything that is wrong.
func ParseKeyFile(data []byte) (KeyFile, error) { panic("not built") }

// Marshal writes the file as YAML, secrets included.
func (f KeyFile) Marshal() ([]byte, error) { panic("not built") }

// AddPass appends a fresh pass key and returns the new file and the key's id:
// it verifies everywhere before [KeyFile.Promote] lets it sign.
func (f KeyFile) AddPass() (KeyFile, string, error) { panic("not built") }

// AddAdmission appends a fresh admission key, as AddPass does.
func (f KeyFile) AddAdmission(alg Algorithm) (KeyFile, string, error) { panic("not built") }

// Promote moves the key with this id to the front of its list: it signs from
// the next load on.
func (f KeyFile) Promote(id string) (KeyFile, error) { panic("not built") }
