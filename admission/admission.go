package admission

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Admission lets a visitor through to the protected routes of one event until
// it ends. Generation and Session together name the session. Times are unix ms by
// the store's clock; in the token IssuedAt and Ends are cut to whole seconds.
type Admission struct {
	Event        string
	Organization string
	Visitor      Visitor
	Generation   uint64 // of the room that gave the session
	Session      int64  // its number in that room; 0 with Open
	IssuedAt     int64
	Ends         int64 // never after the session's end in the store
	Line         string
	Number       int64
	Probation    bool             // a direct entry that has not made a second request
	Open         bool             // given while the room was off: holds no slot
	Prices       map[string]int64 // price by tier, in minor units: what the visitor was shown
}

// ID names the session: every admission issued for it has the same.
func (a Admission) ID() string {
	if a.Open {
		return "open." + hex.EncodeToString(a.Visitor[:])
	}
	return strconv.FormatUint(a.Generation, 16) + "." + strconv.FormatInt(a.Session, 10)
}

// Want is what an admission must be to be accepted.
type Want struct {
	Event        string
	Organization string
	Now          int64         // unix ms
	Grace        time.Duration // still accept what ended less than this ago (commit routes)
	Ahead        time.Duration // how far whoever issued it may have been ahead of Now
}

// maxSigned keeps a token within a cookie of 4096 bytes, name and attributes
// included.
const maxSigned = 3584

// ErrTooLarge says that an admission would not fit into a cookie.
var ErrTooLarge = errors.New("admission does not fit into a cookie")

// Sign returns a's JWT.
func (k *Keys) Sign(a Admission) (string, error) {
	token := jwt.NewWithClaims(methods[k.signer.algorithm], a.claims(k.issuer))
	token.Header["kid"] = k.signer.id
	token.Header["typ"] = tokenType
	signed, err := token.SignedString(k.signer.private)
	if err != nil {
		return "", fmt.Errorf("sign admission: %w", err)
	}
	if len(signed) > maxSigned {
		return "", fmt.Errorf("sign admission: %w", ErrTooLarge)
	}
	return signed, nil
}

// Verify returns the admission in a token; [Verifier.Verify] says how.
func (k *Keys) Verify(token string, w Want) (Admission, error) { return k.verifier.Verify(token, w) }
