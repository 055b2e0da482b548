package board

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bilten/rushgate/pricing"
)

// Price rules change while 1,000 visitors wait and 100 are in checkout: nobody
// pays more than was shown to them.
func TestNobodyPaysMoreThanWasShownWhenRulesChange(t *testing.T) {
	for _, lock := range []pricing.Lock{pricing.LockTurn, pricing.LockJoin} {
		h := newHouse()
		h.now = opening
		k := h.gateway()
		inForce(t, k, document, "the sale is on")
		type visitor struct {
			claim   Claim
			ceiling int64            // what they saw on joining, and wrote down
			paying  map[string]int64 // nil: waiting
		}
		visitors := make([]visitor, 1100)
		for i := range visitors {
			if i%50 == 0 { // prices move while they come
				h.crowd(int64(10*i), 600)
				h.pass(time.Minute)
				k.Round(t.Context())
			}
			b := board(t, k)
			visitors[i] = visitor{claim: Claim{Lock: lock, Joined: b.Version}, ceiling: b.Tiers[0].Range.High}
			if lock == pricing.LockJoin {
				visitors[i].ceiling = b.Tiers[0].Price
			}
		}
		for i := range visitors[:100] {
			visitors[i].paying, _ = board(t, k).Charge(visitors[i].claim)
		}
		inForce(t, k, strings.NewReplacer("base: 80.00", "base: 140.00", "cap: 120.00", "cap: 300.00", "floor: 60.00", "floor: 130.00").Replace(document), "a better show")
		k.Round(t.Context())
		if now := board(t, k).Tiers[0].Price; now < 13000 {
			t.Fatalf("%s: the new price is %d; want it above all that was shown", lock, now)
		}
		for i, v := range visitors {
			if v.paying == nil {
				var exact bool
				if v.paying, exact = board(t, k).Charge(v.claim); !exact {
					t.Errorf("%s: version %d is not known", lock, v.claim.Joined)
				}
			}
			if v.paying["stalls"] > v.ceiling {
				t.Fatalf("%s: visitor %d pays %d; was shown at most %d", lock, i, v.paying["stalls"], v.ceiling)
			}
		}
	}
}

func TestThePriceOfATurnIsWhatWasPublishedWhenItBegan(t *testing.T) {
	h := newHouse()
	k := h.gateway()
	inForce(t, k, document, "")
	joined := board(t, k).Version
	turn := h.clock()
	h.crowd(2000, 600)
	h.pass(time.Minute)
	k.Round(t.Context())
	b := board(t, k)
	for _, test := range []struct {
		say   string
		claim Claim
		want  int64
	}{
		{"a turn that began before the price rose", Claim{pricing.LockTurn, joined, turn}, 8000},
		{"a turn that begins now", Claim{pricing.LockTurn, joined, time.Time{}}, 8500},
		{"a turn that begins now, with the price of joining", Claim{pricing.LockJoin, joined, time.Time{}}, 8000},
		{"somebody who joined before there were prices", Claim{pricing.LockTurn, 0, time.Time{}}, 8500},
		{"a version that nobody knows: the least that was ever shown", Claim{pricing.LockJoin, 12345, time.Time{}}, 8000},
	} {
		if got, _ := b.Charge(test.claim); got["stalls"] != test.want {
			t.Errorf("%s: Charge = %d; want %d", test.say, got["stalls"], test.want)
		}
	}
	if _, exact := b.Charge(Claim{pricing.LockTurn, b.Version + 1, time.Time{}}); exact {
		t.Error("a version of the future is exact; want the caller told to look again")
	}
}

// A tier that comes while somebody waits is held to what they were shown of it
// first, as no earlier promise speaks of it.
func TestATierThatCameLaterIsHeldToItsFirstRange(t *testing.T) {
	h := newHouse()
	k := h.gateway()
	without := document[:strings.Index(document, "  - name: boxes")]
	inForce(t, k, without, "")
	joined := board(t, k).Version
	inForce(t, k, document, "")
	inForce(t, k, strings.Replace(document, "base: 200.00", "base: 300.00", 1), "")
	b := board(t, k)
	for _, lock := range []pricing.Lock{pricing.LockTurn, pricing.LockJoin} {
		charged, exact := b.Charge(Claim{Lock: lock, Joined: joined})
		shown, _ := b.Shown(joined)
		if charged["boxes"] != 20000 || lock.Ceiling(shown["boxes"]) != 20000 || !exact {
			t.Errorf("%s: a tier that was first shown at 200.00 and is now at %d is charged at %d, at most %d; want 20000",
				lock, b.Tiers[1].Price, charged["boxes"], lock.Ceiling(shown["boxes"]))
		}
	}
}

// However many versions are dropped, lost and merged: who asks for the one they
// saw is promised no more than it said.
func TestNoVersionEverPromisesLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		published := map[uint32]int64{}
		gateways := []versions{{}, {}}
		now := opening
		publish := func(i int) {
			high := rapid.Int64Range(1, 1000).Draw(t, "high")
			number := gateways[i].next(now)
			gateways[i] = gateways[i].add(version{Number: number, At: now, Sheet: sheet{"a": {high, high, high}}})
			published[number] = high
		}
		for range rapid.IntRange(1, 600).Draw(t, "steps") {
			i := rapid.IntRange(0, 1).Draw(t, "gateway")
			switch rapid.IntRange(0, 19).Draw(t, "what") {
			case 0:
				gateways[i] = gateways[1-i].merged(gateways[i])
			case 1:
				gateways[i] = versions{} // it has forgotten everything
			default:
				now = now.Add(time.Second) // the store's clock: no two versions in a second
				publish(i)
			}
		}
		all := gateways[0].merged(gateways[1])
		for number, high := range published {
			s, exact := all.shown(number)
			offer, ok := s.offer("a")
			if ok && offer.Range.High > high && exact {
				t.Fatalf("version %d promises at most %d; it was shown as %d", number, offer.Range.High, high)
			}
		}
		if len(all.List) > maxVersions {
			t.Fatalf("%d versions are kept; want at most %d", len(all.List), maxVersions)
		}
	})
}
