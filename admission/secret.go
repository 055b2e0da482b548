package admission

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is text that no log, format verb or JSON shows. Only YAML, the form
// of a key file, holds it.
type Secret string

const hidden = "(secret)"

func (Secret) String() string               { return hidden }
func (Secret) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// Format takes all verbs: %d of a string would show it.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// String names the keys of a ring, never what they are.
func (k *Keys) String() string {
	return fmt.Sprintf("keys of %s: pass %s, admission %s", k.issuer, k.passes.keys[0].id[:], k.signer.id)
}

// Format takes all verbs, for the fields below hold secrets.
func (k *Keys) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, k.String()) }

func (k *Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }
