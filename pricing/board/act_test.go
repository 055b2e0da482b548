package board

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/pricing"
)

func TestLateRulesNeedAReasonThatIsLogged(t *testing.T) {
	h := newHouse()
	h.now = opening.Add(-23 * time.Hour)
	k := h.gateway()
	version, err := k.Draft(t.Context(), "hamlet", document, ann)
	if err != nil {
		t.Fatal(err)
	}
	for _, empty := range []string{"", "  "} {
		var late *LateError
		if err := k.Approve(t.Context(), "hamlet", version, empty, ann); !errors.As(err, &late) {
			t.Errorf("Approve 23 hours before the start with the waiver %q = %v; want a *LateError", empty, err)
		}
	}
	for say, waiver := range map[string]string{"clears a terminal": "the hall\x1b[2Jchanged", "never ends": strings.Repeat("why ", 300)} {
		var field *event.FieldError
		if err := k.Approve(t.Context(), "hamlet", version, waiver, ann); !errors.As(err, &field) || field.Field != "waiver" {
			t.Errorf("Approve with a waiver that %s = %v; want it refused by name", say, err)
		}
	}
	if err := k.Approve(t.Context(), "hamlet", version, "the promoter signed last night", ann); err != nil {
		t.Fatal(err)
	}
	entry := ledger(t, k)[1]
	if entry.Kind != Approved || !strings.Contains(entry.Waived, "the sale starts in 23h0m0s") || !strings.Contains(entry.Waived, "signed last night") {
		t.Errorf("the ledger says %+v; want the notice that was missed, and why", entry)
	}
}

func TestOrganizersFreezeAndSetPrices(t *testing.T) {
	h := newHouse()
	k := h.gateway()
	inForce(t, k, document, "")
	ctx := t.Context()
	if err := k.Set(ctx, "hamlet", "stalls", 13000, ann); err == nil || err.Error() != "price: 130.00: want 60.00 to 120.00, the floor and cap of the rules" {
		t.Errorf("Set above the cap = %v; want it refused with the range", err)
	}
	for _, why := range []string{"", "  "} {
		if err := k.Set(ctx, "hamlet", "stalls", 6500, pricing.Act{By: "ann", Why: why}); !errors.Is(err, ErrNoWhy) {
			t.Errorf("Set with the reason %q = %v; want %v", why, err, ErrNoWhy)
		}
	}
	if err := k.Set(ctx, "hamlet", "stalls", 6500, ann); err != nil {
		t.Fatal(err)
	}
	h.crowd(2000, 600)
	h.pass(time.Minute)
	k.Round(ctx)
	if got := board(t, k).Tiers[0]; got.Price != 6500 || got.Reason != pricing.Overridden {
		t.Errorf("set by hand: %+v; want 6500", got)
	}
	if err := k.Unset(ctx, "hamlet", "stalls", ann); err != nil {
		t.Fatal(err)
	}
	if err := k.Freeze(ctx, "hamlet", ann); err != nil {
		t.Fatal(err)
	}
	h.pass(time.Hour)
	k.Round(ctx)
	if got := board(t, k); got.Tiers[0].Price != 6500 || !got.Frozen || got.Tiers[0].Reason != pricing.Frozen {
		t.Errorf("frozen: %+v; want 6500", got.Tiers[0])
	}
	if err := k.Set(ctx, "hamlet", "stalls", 7000, ann); err == nil {
		t.Error("Set while prices are frozen = nil; want it refused")
	}
	if err := k.Thaw(ctx, "hamlet", ann); err != nil {
		t.Fatal(err)
	}
	h.pass(time.Minute)
	k.Round(ctx)
	if got := board(t, k).Tiers[0].Price; got != 7000 {
		t.Errorf("thawed: %d; want one step up from 6500", got)
	}
}

// The clock of a store can go back, as when a replica takes over or somebody sets
// it right.
func TestAClockThatGoesBackUndoesNothing(t *testing.T) {
	h := newHouse()
	one, two := h.gateway(), h.gateway()
	ctx := t.Context()
	inForce(t, one, document, "")
	if err := one.Freeze(ctx, "hamlet", ann); err != nil {
		t.Fatal(err)
	}
	two.Round(ctx)
	h.pass(-2 * time.Second)
	if err := one.Thaw(ctx, "hamlet", ann); err != nil {
		t.Fatal(err)
	}
	two.Round(ctx)
	one.Round(ctx)
	if board(t, one).Frozen || board(t, two).Frozen {
		t.Error("thawed two seconds before they were frozen, by the clock: prices are frozen still; want them thawed")
	}

	h.pass(3 * time.Hour)
	one.Round(ctx)
	h.pass(-2 * time.Hour)
	h.crowd(3000, 600)
	two.Round(ctx)
	if got := board(t, two).Tiers[0].Price; got != 8500 {
		t.Errorf("after the clock was set right by two hours: %d; want prices looked at, one step up", got)
	}
}

func TestAStartThatIsMovedAfterTheApprovalStandsInTheLedger(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says   string
		waiver string
		starts []time.Time // one after the other
		noted  int
		missed string // at the end
	}{
		{"it stays", "", []time.Time{opening}, 0, ""},
		{"it moves, and a day is left", "", []time.Time{opening.Add(-24 * time.Hour)}, 0, ""},
		{"less than a day is left", "", []time.Time{opening.Add(-25 * time.Hour)}, 1, "moved after the approval, to 2027-02-28T08:00:00Z"},
		{"once for each start", "", []time.Time{opening.Add(-25 * time.Hour), opening.Add(-26 * time.Hour)}, 2, "2027-02-28T07:00:00Z"},
		{"it moves back: what was stays in the ledger", "", []time.Time{opening.Add(-25 * time.Hour), opening}, 1, ""},
		{"it is taken away", "", []time.Time{{}}, 1, "taken away after the approval"},
		{"the notice was waived: there was none", "the band said so", []time.Time{opening.Add(-25 * time.Hour)}, 0, ""},
	} {
		h := newHouse()
		here, there := h.gateway(), h.gateway()
		if row.waiver != "" {
			h.pass(47 * time.Hour)
		}
		inForce(t, here, document, row.waiver)
		for _, start := range row.starts {
			h.opens(start)
			for range 3 {
				h.pass(time.Second)
				here.Round(t.Context())
				there.Round(t.Context())
			}
		}
		entries, _, err := here.Ledger(t.Context(), "hamlet", "", 100)
		if err != nil {
			t.Fatal(err)
		}
		noted := 0
		for _, entry := range entries {
			if entry.Kind == Missed {
				noted++
			}
		}
		is, err := there.Standing(t.Context(), "hamlet")
		if err != nil {
			t.Fatal(err)
		}
		if noted != row.noted || !strings.Contains(is.Rules.Missed, row.missed) || (is.Rules.Missed == "") != (row.missed == "") {
			t.Errorf("%s: %d entries, missed %q; want %d, %q", row.says, noted, is.Rules.Missed, row.noted, row.missed)
		}
	}
}
