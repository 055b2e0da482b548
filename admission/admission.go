package admission

import "time"

// Admission lets a visitor through to the protected routes of one event until
// it ends. Start and Visitor together name the session. Times are unix ms by
// the store's clock; in the token IssuedAt and Ends are cut to whole seconds.
type Admission struct {
	Event        string
	Organization string
	Visitor      Visitor
	Start        int64
	IssuedAt     int64
	Ends         int64 // never after the session's end in the store
	Line         string
	Number       int64
	Probation    bool             // a direct entry that has not made a second request
	Open         bool             // given while the room was off: holds no slot
	Prices       map[string]int64 // price by tier, in minor units: what the visitor was shown
}

// ID names the session: the same for every admission issued for it.
func (a Admission) ID() string { panic("not built") }

// Want is what an admission must be to be accepted.
type Want struct {
	Event        string
	Organization string
	Now          int64         // unix ms
	Grace        time.Duration // still accept what ended less than this ago (commit routes)
}

// Sign returns a's JWT.
func (k *Keys) Sign(a Admission) (string, error) { panic("not built") }

// Verify returns the admission in a token. Any [Refusal] may be the error.
// An admission that ended within Want.Grace is returned without an error: its
// Ends is before Want.Now. What ended earlier is ErrExpired.
func (k *Keys) Verify(token string, w Want) (Admission, error) { panic("not built") }
