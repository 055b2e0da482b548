// Package account is who a visitor is by the organizer's word: it checks the
// signed token (JWT) that the organizer gives to its accounts, with a secret,
// with public keys that stand in the event, or with a key set that it follows.
//
//	token -> signature, by one algorithm -> iss, aud, exp -> sub -> visitor id
//
// What it returns is a hash: no name, address or number of anybody is kept or
// logged. Tokens that passed are remembered by their hash, since a token comes
// with every poll.
//
// The address of a key set is the organizer's, so fetching it must not lead into
// the operator's own network: see [Guard].
package account
