package prescale_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/prescale"
)

func TestAPlanIsPrintedForPeople(t *testing.T) {
	plan, err := prescale.NewPlan(sure(10_000))
	if err != nil {
		t.Fatal(err)
	}
	at := plan
	at.Start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		says  string
		plan  prescale.Plan
		shows []string
	}{
		{"without a start, times are counted from it", plan, []string{"Hamlet (evt), no event_start_time yet", "by past (2 past)", "as many as come", "shop     13", "-30m0s", "What to do\n  1. Scale shop from 3 to 13"}},
		{"with one, they have a clock beside them", at, []string{"starts ", "-30m0s   2027-03-01 08:30:00  scale up"}},
	} {
		var out strings.Builder
		if err := prescale.Print(&out, event.Event{ID: "evt", Name: "Hamlet"}, row.plan); err != nil {
			t.Fatal(err)
		}
		for _, text := range row.shows {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%s: Print() lacks %q:\n%s", row.says, text, out.String())
			}
		}
	}
	closed, pipe := io.Pipe()
	_ = closed.Close()
	if err := prescale.Print(pipe, event.Event{}, plan); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Print(closed) = %v; want io.ErrClosedPipe", err)
	}
}
