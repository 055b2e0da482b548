package board

import (
	"testing"
	"time"

	"github.com/bilten/rushgate/pricing"
)

func TestWhatIsDroppedKeepsItsPromise(t *testing.T) {
	var v versions
	for i := range maxVersions + 50 {
		high := int64(1000 + i)
		v = v.add(version{Number: uint32(i + 1), Sheet: sheet{"a": {high, high, high}}})
	}
	if s, exact := v.shown(40); !exact || s["a"][2] > 1039 {
		t.Errorf("version 40 of %d, which was dropped, promises %v, %v; want at most 1039", maxVersions+50, s, exact)
	}
	if s, exact := v.shown(60); !exact || s["a"][2] != 1059 {
		t.Errorf("version 60, which was not, promises %v, %v; want 1059", s, exact)
	}
}

// Two stores that knew nothing of each other have given one number.
func TestOneNumberGivenTwicePromisesTheLower(t *testing.T) {
	one := versions{}.add(version{Number: 7, Sheet: sheet{"a": {80, 60, 120}}})
	two := versions{}.add(version{Number: 7, Sheet: sheet{"a": {90, 50, 110}}})
	for _, both := range []versions{one.merged(two), two.merged(one)} {
		if s, exact := both.shown(7); !exact || s["a"] != [3]int64{80, 50, 110} {
			t.Errorf("merged: version 7 is %v, %v; want the lower of both in everything", s, exact)
		}
	}
}

// books are one event's: as it was, and as it was after a look at a crowd.
func books(t *testing.T) (before, after book) {
	t.Helper()
	h := newHouse()
	k := h.gateway()
	inForce(t, k, document, "")
	before = k.recalled("hamlet").book
	h.crowd(3000, 600)
	h.pass(time.Minute)
	k.Round(t.Context())
	return before, k.recalled("hamlet").book
}

// A store fell back, and a gateway looked again before the one came that knows
// what had been published since: what stands on the board is what is in force.
func TestTheHighestVersionIsTheOneInForce(t *testing.T) {
	before, after := books(t)
	before.Looked = after.Looked.Add(time.Minute)
	if !before.lost(after) {
		t.Fatal("lost = false; want the version missed")
	}
	mended, entries := before.mended(after, opening)
	last, _ := mended.Published.last()
	if got := mended.State.Tiers["stalls"].Price; got != 8500 || last.Sheet["stalls"][0] != 8500 || len(entries) != 1 {
		t.Errorf("mended: price %d, published %d; want 8500, as was shown last", got, last.Sheet["stalls"][0])
	}
	if mended.lost(after) {
		t.Error("mended, and something is lost still")
	}
}

func TestWhatWasDoneByHandOutlivesALook(t *testing.T) {
	before, after := books(t)
	hand := before
	hand, _, err := set("stalls", 6500, ann)(hand, Event{}, opening)
	if err != nil {
		t.Fatal(err)
	}
	mended, _ := after.mended(hand, opening)
	if o := mended.State.Tiers["stalls"].Override; o == nil || o.Price != 6500 {
		t.Errorf("mended: set by hand is %v; want 6500", o)
	}
	hand, _, err = freeze(ann)(before, Event{}, opening)
	if err != nil {
		t.Fatal(err)
	}
	if mended, _ = after.mended(hand, opening); mended.State.Frozen == nil {
		t.Error("mended: not frozen; want the freeze back")
	}
}

// While all rules were lost, somebody drafted others: these are a draft, beside
// the rules in force, with a number of their own.
func TestADraftMadeAfterALossReplacesNoRules(t *testing.T) {
	_, after := books(t)
	empty, _, err := draft(document, pricing.Act{By: "bob"})(book{}, Event{ID: "hamlet", Tiers: []string{"stalls", "boxes"}}, opening.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	mended, _ := empty.mended(after, opening)
	if mended.Rules == nil || mended.Rules.Version != 1 || mended.Draft == nil || mended.Draft.Version != 2 || mended.Numbered != 2 {
		t.Errorf("mended: rules %+v, draft %+v; want version 1 in force and 2 as draft", mended.Rules, mended.Draft)
	}
	if got := mended.State.Tiers["stalls"].Price; got != 8500 {
		t.Errorf("mended: price %d; want 8500", got)
	}
}
