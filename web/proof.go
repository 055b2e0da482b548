package web

import (
	"crypto/sha256"
	"errors"
	"math"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
)

// proofKind stands beside the cookie kinds where refusals are counted.
const proofKind cookieKind = "proof"

const (
	// waitedJoins is what a join costs an address that waited instead of working:
	// waiting can be done for thousands of visitors at a time.
	waitedJoins = 20
	// maxSpent bounds the proofs that are remembered, at some 100 bytes each.
	maxSpent = 1 << 17
	// loadMemory is over how long arrivals are averaged.
	loadMemory = 5 * time.Second
)

// proofDesk remembers which proofs have brought a place, and how many people
// arrive. It is safe for concurrent use.
//
// Both may be forgotten without harm. A proof is bound to its visitor, and
// joining twice is one place: who spends one twice saves the work of leaving the
// line and joining it again at the end.
type proofDesk struct {
	spent *otter.Cache[[sha256.Size]byte, struct{}]
	loads sync.Map // event id -> *load
}

func newProofDesk() (*proofDesk, error) {
	spent, err := otter.New(&otter.Options[[sha256.Size]byte, struct{}]{
		MaximumSize: maxSpent, ExpiryCalculator: otter.ExpiryWriting[[sha256.Size]byte, struct{}](admission.ChallengeLife),
	})
	return &proofDesk{spent: spent}, err
}

// proofKey is a challenge's, however it was answered.
func proofKey(proof string) [sha256.Size]byte {
	challenge, _, _ := strings.Cut(proof, ".")
	return sha256.Sum256([]byte(challenge))
}

func (d *proofDesk) spend(proof string) {
	if proof != "" {
		d.spent.Set(proofKey(proof), struct{}{})
	}
}

func (d *proofDesk) isSpent(proof string) bool {
	_, ok := d.spent.GetIfPresent(proofKey(proof))
	return ok
}

func (d *proofDesk) load(eventID string) *load {
	if l, ok := d.loads.Load(eventID); ok {
		return l.(*load)
	}
	l, _ := d.loads.LoadOrStore(eventID, &load{})
	return l.(*load)
}

// load is how many people per second ask to join an event here.
type load struct {
	mu        sync.Mutex
	perSecond float64 // at the time
	at        time.Time
}

// arrive counts n who ask and returns the load with them.
func (l *load) arrive(n float64, now time.Time) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if passed := now.Sub(l.at); passed > 0 {
		l.perSecond *= math.Exp(-passed.Seconds() / loadMemory.Seconds())
		l.at = now
	}
	l.perSecond += n / loadMemory.Seconds()
	return l.perSecond
}

// effort is how many hashes the visitor has to do before joining; 0: none. Who
// shows an account or a code does none: those are scarce by themselves. Neither
// does who holds a place.
func (v *visit) effort() uint32 {
	if v.event().Proof.Mode == event.ProofOff || v.who.named || v.seated() {
		return 0
	}
	return v.effortAt(v.g.proofs.load(v.event().ID).arrive(0, v.now))
}

func (v *visit) effortAt(perSecond float64) uint32 {
	p := v.event().Proof
	return admission.Effort(time.Duration(p.Effort), p.Mode == event.ProofOn, perSecond)
}

// prove holds a proof against what the event asks; cost is how many joins of the
// address's allowance this one takes. Whoever has none, or one that is not good,
// gets a challenge.
func (v *visit) prove(proof string) (cost int, err error) {
	if v.event().Proof.Mode == event.ProofOff || v.who.named || v.seated() {
		return 1, nil
	}
	if proof != "" {
		cost, challenge, err := v.judge(proof)
		switch {
		case err == nil:
			return cost, nil
		case errors.Is(err, admission.ErrNotYet): // the same again: who waits need not begin anew
			return 0, v.challenge(challenge, strings.SplitN(proof, ".", 2)[0])
		}
		v.g.refused(proofKind, err)
	}
	work := v.effortAt(v.g.proofs.load(v.event().ID).arrive(1, v.now))
	if work == 0 {
		return 1, nil
	}
	c := admission.Challenge{Event: v.event().ID, Visitor: v.visitor(), Work: work, Issued: v.storeTime()}
	if v.stranger() {
		c.Browser = v.who.browser
	}
	return 0, v.challenge(c, v.g.keys().SealChallenge(c))
}

// judge also makes a client without cookies the visitor that its challenge
// names.
func (v *visit) judge(proof string) (cost int, c admission.Challenge, err error) {
	c, worked, err := v.g.keys().OpenProof(v.event().ID, proof, v.storeTime())
	if err != nil && !errors.Is(err, admission.ErrNotYet) {
		return 0, c, err
	}
	if v.stranger() && c.Browser != (admission.Browser{}) {
		v.who.browser, v.who.known = c.Browser, true
	}
	switch {
	case c.Visitor != v.visitor():
		return 0, c, admission.ErrElsewhere
	case v.g.proofs.isSpent(proof):
		return 0, c, admission.ErrExpired
	case err != nil:
		return 0, c, err
	case !worked:
		return waitedJoins, c, nil
	}
	return 1, c, nil
}

// proofAsked is a challenge as a client gets it.
type proofAsked struct {
	Challenge string `json:"challenge"`
	Seed      string `json:"seed"`   // hexadecimal
	Limit     uint64 `json:"limit"`  // a share's first four bytes are below it
	Shares    int    `json:"shares"` // numbers to find
	ExpiresIn int64  `json:"expires_in_ms"`
	WaitMS    int64  `json:"wait_ms"` // instead of working
}

func (v *visit) challenge(c admission.Challenge, text string) error {
	left := func(life time.Duration) int64 { return max(0, c.Issued+life.Milliseconds()-v.storeTime()) }
	p := refuse(http.StatusForbidden, "proof_required",
		"Before joining, the browser has to show that it is one: it works for a moment. Whoever cannot may wait instead, and send the challenge alone.").with(v.place())
	p.proof = &proofAsked{
		Challenge: text, Seed: admission.Seed(text), Limit: admission.Limit(c.Work), Shares: admission.Shares,
		ExpiresIn: left(admission.ChallengeLife), WaitMS: left(admission.WaitInstead),
	}
	return p
}
