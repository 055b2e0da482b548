package admission

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// A proof of work is asked of a visitor before they join, where the event wants
// it. The challenge is an envelope; whoever answers it sends it back with one
// number for each share:
//
//	challenge "." n0 "." n1 … "." n15         (numbers in base 36, below 2^32)
//
// Number i is right when SHA-256(seed | i | n), i and n as four bytes each, big
// end first, begins with four bytes below 2^32 / (work / Shares). The seed is
// SHA-256 of the challenge's text. Sixteen small shares take the luck out: one
// large one would take every twentieth visitor three times as long.
const (
	Shares = 16

	// CheapPhone is how many such hashes a cheap phone does in a second, in the
	// waiting page's own script. See docs/proof.md for where it comes from.
	CheapPhone = 50_000

	// ChallengeLife is how long a challenge can be answered. It bounds what can be
	// worked out ahead.
	ChallengeLife = 2 * time.Minute

	// WaitInstead is what a browser without JavaScript does instead of working.
	WaitInstead = 15 * time.Second

	// calm and rush are joins per second at one gateway: up to the one nobody
	// works where the event asks only in a rush, from the other on all work most.
	calm, rush = 20, 200

	maxProof = maxEnvelope + Shares*8 // a number has 7 digits at most
)

// Challenge is what one visitor has to answer. It is bound to event and visitor:
// whatever comes of it is that visitor's place, so nothing is gained by answering
// it twice or by passing it on.
type Challenge struct {
	Event   string
	Visitor Visitor
	// Browser is who the visitor becomes that had no cookie; zero: they had one.
	Browser Browser
	Work    uint32 // hashes, on average
	Issued  int64  // unix ms by the store's clock
}

// SealChallenge returns the text of a challenge.
func (k *Keys) SealChallenge(c Challenge) string {
	var room [64]byte
	body := binary.BigEndian.AppendUint64(room[:0], uint64(c.Issued))
	body = binary.BigEndian.AppendUint32(body, c.Work)
	body = append(body, c.Visitor[:]...)
	body = append(body, c.Browser[:]...)
	return k.proofs.seal(c.Event, body)
}

// OpenProof reads what a visitor sends back: an answered challenge, or one that
// they have waited with; worked tells which. now is unix ms. It refuses with
// ErrMalformed, ErrUnknownKey, ErrForged, ErrNewerSchema, ErrExpired,
// ErrUnsolved (a number is wrong) or ErrNotYet (not answered, and not waited long
// enough); with the last two the challenge is returned all the same.
func (k *Keys) OpenProof(event, proof string, now int64) (c Challenge, worked bool, err error) {
	if len(proof) > maxProof {
		return Challenge{}, false, ErrMalformed
	}
	challenge, numbers, answered := strings.Cut(proof, ".")
	if c, err = k.openChallenge(event, challenge); err != nil {
		return Challenge{}, false, err
	}
	age := time.Duration(now-c.Issued) * time.Millisecond
	switch {
	case age > ChallengeLife:
		return Challenge{}, false, ErrExpired
	case answered && !solves(challenge, numbers, c.Work):
		return c, false, ErrUnsolved
	case answered:
		return c, true, nil
	case age < WaitInstead:
		return c, false, ErrNotYet
	}
	return c, false, nil
}

func (k *Keys) openChallenge(event, text string) (Challenge, error) {
	desk := k.proofs.take()
	defer k.proofs.desk.Put(desk)
	body, err := k.proofs.open(desk, event, text)
	if err != nil {
		return Challenge{}, err
	}
	if len(body) != 8+4+16+16 {
		return Challenge{}, ErrMalformed
	}
	return Challenge{
		Event: event, Issued: int64(binary.BigEndian.Uint64(body)), Work: binary.BigEndian.Uint32(body[8:]),
		Visitor: Visitor(body[12:28]), Browser: Browser(body[28:44]),
	}, nil
}

// Seed is what the numbers are tried with, in hexadecimal, so that a client need
// not hash the challenge itself.
func Seed(challenge string) string {
	sum := sha256.Sum256([]byte(challenge))
	return hex.EncodeToString(sum[:])
}

// Limit is what the first four bytes of a share's hash must be below, given the
// challenge's work.
func Limit(work uint32) uint64 { return (1 << 32) / uint64(max(1, work/Shares)) }

func solves(challenge, numbers string, work uint32) bool {
	var message [sha256.Size + 8]byte
	seed := sha256.Sum256([]byte(challenge))
	copy(message[:], seed[:])
	limit := Limit(work)
	rest, more := numbers, true
	for i := range uint32(Shares) {
		if !more {
			return false
		}
		var text string
		text, rest, more = strings.Cut(rest, ".")
		n, err := strconv.ParseUint(text, 36, 32)
		if err != nil {
			return false
		}
		binary.BigEndian.PutUint32(message[sha256.Size:], i)
		binary.BigEndian.PutUint32(message[sha256.Size+4:], uint32(n))
		sum := sha256.Sum256(message[:])
		if uint64(binary.BigEndian.Uint32(sum[:])) >= limit {
			return false
		}
	}
	return !more
}

// Effort is how many hashes a visitor has to do, 0 for none: a quarter of the
// most to begin with, and all of it in a rush. most is the time that a cheap
// phone may take on average; always says that visitors work when nobody rushes,
// too; perSecond is how many join at this gateway.
func Effort(most time.Duration, always bool, perSecond float64) uint32 {
	if perSecond <= calm && !always {
		return 0
	}
	crowd := min(1, max(0, (perSecond-calm)/(rush-calm)))
	return uint32(most.Seconds() * CheapPhone * (0.25 + 0.75*crowd))
}
