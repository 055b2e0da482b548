package admission

// Browser is the random id in the visitor cookie. It is one for all events, so
// it stays between the browser and the gateway; an event sees only
// [Browser.Visitor].
type Browser [16]byte

// SealBrowser returns the visitor cookie's value. b must be random.
func (k *Keys) SealBrowser(b Browser) string { panic("not built") }

// OpenBrowser returns the id in a visitor cookie. It refuses with
// ErrMalformed, ErrUnknownKey, ErrForged or ErrNewerSchema.
func (k *Keys) OpenBrowser(cookie string) (Browser, error) { panic("not built") }

// Visitor is who the browser is in an event. Ids of two events can't be linked
// without the cookie.
func (b Browser) Visitor(event string) Visitor { panic("not built") }

// Reference is a short code by which a helpdesk finds a visitor of an event,
// as in "K7QX-2M9P". It is no secret and proves nothing.
func Reference(event string, v Visitor) string { panic("not built") }
