package admission

import (
	"crypto/sha256"
	"encoding/base32"
)

// Browser is the random id in the visitor cookie. It is one for all events, so
// it stays between the browser and the gateway; an event sees only
// [Browser.Visitor].
type Browser [16]byte

// SealBrowser returns the visitor cookie's value. b must be random.
func (k *Keys) SealBrowser(b Browser) string { return k.browsers.seal("", b[:]) }

// OpenBrowser returns the id in a visitor cookie. It refuses with
// ErrMalformed, ErrUnknownKey, ErrForged or ErrNewerSchema.
func (k *Keys) OpenBrowser(cookie string) (Browser, error) {
	desk := k.browsers.take()
	defer k.browsers.desk.Put(desk)
	body, err := k.browsers.open(desk, "", cookie)
	if err != nil {
		return Browser{}, err
	}
	if len(body) != len(Browser{}) {
		return Browser{}, ErrMalformed
	}
	return Browser(body), nil
}

// Visitor is who the browser is in an event. Ids of two events can't be linked
// without the cookie.
//
// No secret goes in, on purpose: the id must outlive every key, or rotating
// keys during an onsale would make new visitors of everybody in the line. The
// cookie's tag keeps made-up ids out, its 128 random bits keep it from being
// guessed from a visitor id.
func (b Browser) Visitor(event string) Visitor {
	sum := digest("rushgate visitor v1", event, b)
	return Visitor(sum[:16])
}

// crockford leaves out the letters that are misread or misheard.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// Reference is a short code by which a helpdesk finds a visitor of an event,
// as in "K7QX-2M9P". It is no secret and proves nothing.
func Reference(event string, v Visitor) string {
	sum := digest("rushgate reference v1", event, v)
	var code [9]byte
	crockford.Encode(code[:8], sum[:5])
	copy(code[5:], code[4:8])
	code[4] = '-'
	return string(code[:])
}

// digest hashes an id under a label of its own, so that no two uses ever meet.
func digest(label, event string, id [16]byte) [sha256.Size]byte {
	var room [128]byte
	message := append(room[:0], label...)
	message = append(message, 0)
	message = append(message, event...)
	message = append(message, 0)
	message = append(message, id[:]...)
	return sha256.Sum256(message)
}
