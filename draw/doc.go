// Package draw turns everybody who came before the start into a line in which
// being early brings nothing, and lets anybody check afterwards that it did.
//
//	pre-queue opens   commitment = SHA-256(seed)               published
//	before the start  entry = hash of event and visitor, order = HMAC(seed, entry); no order leaves the house
//	start             count and Merkle root over the entries   published
//	then              the public value, if one was named       known to everybody at once
//	after             seed, value, list of numbers             published
//
// The seed alone decides, so a commitment binds the house before anybody comes.
// It does not bind an insider who reads the draw key: such a one could mint ids
// that come out early. Against that stands the public value: nobody knows it
// while the root can still change, and the whole circle of orders is turned by
// it ([Rotate]). Without a public value a check shows that the published list
// follows from the published seed, and no more.
//
// Who checks what:
//
//	[Unchanged]     the house kept to what it published earlier: commitment, source, count, root
//	[Check]         every line follows from the seed; nobody was added, left out or doubled after the root
//	[CheckReceipt]  the holder is in the list, at the number they were told
//
// What is published holds entries and no visitor ids. Nothing here reads a
// clock, a file or the network.
package draw
