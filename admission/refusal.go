package admission

// Refusal is why a credential was not accepted. It is a metric label as it
// stands. Every error of an Open or Verify function is one; what such a
// function returns beside it is the zero value.
type Refusal string

const (
	ErrMalformed   Refusal = "malformed"    // not one of ours: length, encoding or fields are wrong
	ErrUnknownKey  Refusal = "unknown_key"  // names a key that the ring does not hold (any more)
	ErrForged      Refusal = "forged"       // the signature does not fit, or it is for another event (pass)
	ErrNewerSchema Refusal = "newer_schema" // made by a newer Rushgate: this gateway must not judge it
	ErrElsewhere   Refusal = "elsewhere"    // another event, organization or issuer (admission)
	ErrNotYet      Refusal = "not_yet"      // valid later (admission, proof)
	ErrExpired     Refusal = "expired"      // was valid (admission, code, proof)
	ErrUnsolved    Refusal = "unsolved"     // a number is wrong (proof)
)

func (r Refusal) Error() string { return "credential refused: " + string(r) }
