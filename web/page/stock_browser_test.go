package page

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTheScriptSaysEarlyThatTicketsMayNotSuffice(t *testing.T) {
	for _, tt := range []struct {
		name, banner string
		short        int64
	}{
		{"The tickets may not reach number 100.", "may not be enough tickets", 90},
		{"They reach further.", "", 101},
	} {
		r := &room{answer: func(action string, _ int) (int, any) {
			if action != "now" {
				return http.StatusOK, inLine(10)
			}
			now := snapshot(40)
			line := now.Lines["general"]
			line.ShortFrom, line.BeyondFrom = tt.short, 400
			now.Lines["general"] = line
			return http.StatusOK, now
		}}
		root, _ := browse(t, View{EventID: "tour", Place: inLine(10), Return: "/buy"}, r, 5*time.Second)
		if got := shown(root, "banner"); got != tt.banner && (tt.banner == "" || !strings.Contains(got, tt.banner)) {
			t.Errorf("%s banner = %q; want %q", tt.name, got, tt.banner)
		}
	}
}

func TestTheScriptGoesOnWhenSoldOutTicketsComeBack(t *testing.T) {
	soldOut := inLine(10)
	soldOut.Mode, soldOut.State = ModeSoldOut, StateSoldOut
	back := 4 // asked so often, it hears of tickets
	r := &room{}
	r.answer = func(action string, times int) (int, any) {
		switch now := snapshot(10); {
		case action != "now":
			return http.StatusOK, inLine(10)
		case times < back:
			now.Mode = ModeSoldOut
			return http.StatusOK, now
		default:
			return http.StatusOK, now
		}
	}
	view := View{EventID: "tour", Place: soldOut, Return: "/buy"}
	root, asked := browse(t, view, r, 40*time.Second)
	if got := screenShown(root); got != string(ScreenSoldOut) || len(asked) > 2 {
		t.Errorf("sold out, the screen is %q and %v was asked in 40 s; want sold_out and a look or two", got, asked)
	}
	back = 1
	root, _ = browse(t, view, r, 60*time.Second)
	if got := screenShown(root); got != string(ScreenWaiting) || shown(root, "number") != "100" {
		t.Errorf("with tickets again the screen is %q with number %s; want waiting, 100", got, shown(root, "number"))
	}
}
