// Package admission is what a visitor carries: the pass that holds a place in
// a line, the cookie that makes a browser one visitor, and the admission that
// opens the protected routes.
//
//	credential      form                      who reads it             lives
//	visitor cookie  binary, HMAC              the gateways             across events
//	pass            binary, HMAC, per event   the gateways             as long as its event
//	challenge       binary, HMAC, per event   the gateways             two minutes
//	presale code    25 letters, HMAC          the gateways             until its last day
//	admission       JWT, EdDSA or ES256       gateways and origins     one session
//
// A pass is checked on every poll, so it is the cheapest thing that is still
// unforgeable. An admission leaves the house, so it is a plain JWT that any
// origin can check with the published public keys.
//
// Whatever a browser sends is hostile: lengths are capped before anything is
// decoded, every credential has one encoding, and each refusal is a [Refusal].
// Nothing here reads a clock or a file.
package admission
