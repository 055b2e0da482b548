package page

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"
)

func english(t *testing.T) words {
	t.Helper()
	all, err := loadCatalogue()
	if err != nil {
		t.Fatalf("loadCatalogue() = %v; want words", err)
	}
	return all[0]
}

var waits = []struct {
	name     string
	p50, p90 int64
	want     string
}{
	{"Nothing is known yet.", 0, 0, "not known yet"},
	{"A few seconds are not counted down.", 5, 40, "less than a minute"},
	{"Around a minute.", 40, 60, "about a minute"},
	{"A short range in single minutes.", 245, 410, "about 4 to 7 minutes"},
	{"Never zero minutes.", 20, 110, "about 1 to 2 minutes"},
	{"Both ends the same.", 300, 300, "about 5 minutes"},
	{"Past twenty minutes in steps of five.", 17 * 60, 22 * 60, "about 15 to 25 minutes"},
	{"Up to ninety minutes it stays minutes.", 70 * 60, 90 * 60, "about 70 to 90 minutes"},
	{"Then half hours.", 80 * 60, 140 * 60, "about 1 to 2½ hours"},
	{"Hours, both ends the same.", 2 * 3600, 2 * 3600, "about 2 hours"},
	{"A very long line.", 30 * 3600, 40 * 3600, "more than a day"},
	{"A wide range keeps both ends.", 60, 3 * 3600, "about 1 to 3 hours"},
}

func TestWaitPromisesNoMoreThanIsKnown(t *testing.T) {
	w := english(t)
	for _, tt := range waits {
		if got := w.wait(tt.p50, tt.p90); got != tt.want {
			t.Errorf("%s wait(%d, %d) = %q; want %q", tt.name, tt.p50, tt.p90, got, tt.want)
		}
	}
}

func TestLength(t *testing.T) {
	w := english(t)
	for d, want := range map[time.Duration]string{
		3 * time.Minute: "3 minutes", time.Minute: "1 minute", 90 * time.Second: "90 seconds",
		time.Hour: "1 hour", 168 * time.Hour: "7 days", 0: "0 seconds",
	} {
		if got := w.length(d); got != want {
			t.Errorf("length(%s) = %q; want %q", d, got, want)
		}
	}
}

func TestEveryLanguageHasEveryWord(t *testing.T) {
	catalogue, err := loadCatalogue()
	if err != nil {
		t.Fatalf("loadCatalogue() = %v; want words", err)
	}
	reference := english(t)
	for _, w := range catalogue {
		for _, s := range []Screen{
			ScreenCountdown, ScreenJoining, ScreenWaiting, ScreenDoor, ScreenTurn, ScreenMissed, ScreenLeft,
			ScreenClosed, ScreenRejected, ScreenSoldOut, ScreenHold, ScreenNoCookie,
		} {
			if w.Screens[s].Title == "" || w.Screens[s].Lead == "" {
				t.Errorf("%s: screen %s has no words", w.Language, s)
			}
		}
		for _, b := range []Banner{
			BannerPaused, BannerQueueAll, BannerHold, BannerRestore, BannerDraining, BannerDown, BannerSlow, BannerAllHeld, BannerShort, BannerBeyond,
			BannerOffline, BannerOfflineNew, BannerBusy,
		} {
			if w.Banners[b] == "" {
				t.Errorf("%s: banner %s has no words", w.Language, b)
			}
		}
		for _, pair := range [][2]map[string]string{
			{reference.Wait, w.Wait}, {reference.Live, w.Live}, {reference.Labels, w.Labels}, {reference.Lengths, w.Lengths},
			{reference.Draw.Labels, w.Draw.Labels}, {reference.Draw.Said, w.Draw.Said},
		} {
			for key := range pair[0] {
				if pair[1][key] == "" {
					t.Errorf("%s: %s has no words", w.Language, key)
				}
			}
		}
	}
}

var places = []struct {
	name   string
	in     Place
	screen Screen
	banner Banner
}{
	{"A newcomer joins.", Place{State: StateNone, Phase: "open"}, ScreenJoining, BannerNone},
	{"Before the start there is a countdown.", Place{State: StateNone, Phase: "before"}, ScreenCountdown, BannerNone},
	{"The store is away and there is no place.", Place{State: StateNone, Mode: ModeHold}, ScreenHold, BannerNone},
	{"The store is away; the place is kept.", Place{State: StateWaiting, Number: 7, Mode: ModeHold}, ScreenWaiting, BannerHold},
	{"A newcomer to a closed line.", Place{State: StateNone, Mode: ModeClosed}, ScreenClosed, BannerNone},
	{"A newcomer to a line that takes nobody.", Place{State: StateNone, Mode: ModeRejected}, ScreenRejected, BannerNone},
	{"In the line.", Place{State: StateWaiting, Number: 7, Mode: ModeNormal}, ScreenWaiting, BannerNone},
	{"In a line that takes nobody new: no news.", Place{State: StateWaiting, Number: 7, Mode: ModeRejected}, ScreenWaiting, BannerNone},
	{"In a paused line.", Place{State: StatePaused, Number: 7, Mode: ModePaused}, ScreenWaiting, BannerPaused},
	{"The state alone says paused.", Place{State: StatePaused, Number: 7, Mode: ModeNormal}, ScreenWaiting, BannerPaused},
	{"Everybody waits.", Place{State: StateWaiting, Number: 7, Mode: ModeQueueAll}, ScreenWaiting, BannerQueueAll},
	{"Places are put back.", Place{State: StateWaiting, Number: 7, Mode: ModeRestore}, ScreenWaiting, BannerRestore},
	{"The shop is down.", Place{State: StateWaiting, Number: 7, Mode: ModeDown, Wait: Wait{Reason: "down"}}, ScreenWaiting, BannerDown},
	{"The shop is down, and no number is known yet.", Place{State: StateWaiting, Mode: ModeDown}, ScreenArrived, BannerDown},
	{"The turn has come, and the shop is down.", Place{State: StateTurn, Number: 7, Mode: ModeDown}, ScreenTurn, BannerDown},
	{"Fewer instances are ready.", Place{State: StateWaiting, Number: 7, Mode: ModeNormal, Wait: Wait{P50: 60, P90: 90, Reason: "capacity"}}, ScreenWaiting, BannerSlow},
	{"The shop is slow.", Place{State: StateWaiting, Number: 7, Wait: Wait{P50: 60, P90: 90, Reason: "health"}}, ScreenWaiting, BannerSlow},
	{"Another event needs a part of the shop.", Place{State: StateWaiting, Number: 7, Wait: Wait{P50: 60, P90: 90, Reason: "shared"}}, ScreenWaiting, BannerSlow},
	{"The shop is slow while the line drains.", Place{State: StateWaiting, Number: 7, Mode: ModeDraining, Wait: Wait{P50: 60, P90: 90, Reason: "health"}}, ScreenWaiting, BannerDraining},
	{"The shop is slow, and the turn has come.", Place{State: StateTurn, Number: 7, Wait: Wait{P50: 60, P90: 90, Reason: "health"}}, ScreenTurn, BannerNone},
	{"Why a wait is not known is no news.", Place{State: StateWaiting, Number: 7, Wait: Wait{Reason: "not_called"}}, ScreenWaiting, BannerNone},
	{"The line drains.", Place{State: StateWaiting, Number: 7, Mode: ModeDraining}, ScreenWaiting, BannerDraining},
	{"The turn has come.", Place{State: StateTurn, Number: 7}, ScreenTurn, BannerNone},
	{"The turn has come, and the door is shut.", Place{State: StateTurn, Number: 7, Mode: ModePaused}, ScreenTurn, BannerPaused},
	{"Admitted goes in.", Place{State: StateAdmitted, Number: 7}, ScreenTurn, BannerNone},
	{"The turn has gone.", Place{State: StateMissed, Number: 7}, ScreenMissed, BannerNone},
	{"Left.", Place{State: StateLeft}, ScreenLeft, BannerNone},
	{"Closed while in the line.", Place{State: StateClosed, Number: 7, Mode: ModeClosed}, ScreenClosed, BannerNone},
	{"All tickets are held.", Place{State: StateWaiting, Number: 7, Mode: ModeAllHeld, Stock: "beyond"}, ScreenWaiting, BannerAllHeld},
	{"The turn has come, and all tickets are held.", Place{State: StateTurn, Number: 7, Mode: ModeAllHeld}, ScreenTurn, BannerAllHeld},
	{"The tickets may not suffice.", Place{State: StateWaiting, Number: 7, Mode: ModeNormal, Stock: "may_not_suffice"}, ScreenWaiting, BannerShort},
	{"The tickets go before the number.", Place{State: StateWaiting, Number: 7, Mode: ModeNormal, Stock: "beyond"}, ScreenWaiting, BannerBeyond},
	{"A newcomer to a sold out line.", Place{State: StateNone, Mode: ModeSoldOut}, ScreenSoldOut, BannerNone},
	{"Sold out.", Place{State: StateSoldOut, Number: 7}, ScreenSoldOut, BannerNone},
}

func TestScreenAndBanner(t *testing.T) {
	for _, tt := range places {
		if got := screenOf(tt.in); got != tt.screen {
			t.Errorf("%s screenOf(%+v) = %q; want %q", tt.name, tt.in, got, tt.screen)
		}
		if got := bannerOf(tt.in); got != tt.banner {
			t.Errorf("%s bannerOf(%+v) = %q; want %q", tt.name, tt.in, got, tt.banner)
		}
	}
}

// TestTheScriptSaysTheSame runs the tables above through the script's twins.
func TestTheScriptSaysTheSame(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node on this machine; the browser tests cover the script as well")
	}
	type answer struct {
		Waits   []string
		Screens []Screen
		Banners []Banner
		Count   string
		Clocks  []string
	}
	var input struct {
		Waits  [][2]int64
		Places []Place
	}
	want := answer{Count: "1,234,567", Clocks: []string{"00:00", "01:05", "02:00:01", "2 d 01:00:00"}}
	for _, tt := range waits {
		input.Waits = append(input.Waits, [2]int64{tt.p50, tt.p90})
		want.Waits = append(want.Waits, tt.want)
	}
	for _, tt := range places {
		input.Places = append(input.Places, tt.in)
		want.Screens = append(want.Screens, tt.screen)
		want.Banners = append(want.Banners, tt.banner)
	}
	data, err := json.Marshal(input)
	if err != nil {
		t.Fatalf("encode the tables: %v", err)
	}
	catalogue, err := json.Marshal(english(t).forScript())
	if err != nil {
		t.Fatalf("encode the words: %v", err)
	}
	twins, err := os.ReadFile("static/words.js")
	if err != nil {
		t.Fatalf("read the script: %v", err)
	}
	program := "const words = " + string(catalogue) + ";\n" + string(twins) + "\nconst input = " + string(data) + `;
process.stdout.write(JSON.stringify({
  Waits: input.Waits.map(([a, b]) => waitWords(a, b)), Screens: input.Places.map(screenOf), Banners: input.Places.map(bannerOf),
  Count: count(1234567), Clocks: [-5, 65000, 7200500, 49 * 3600000].map(clock),
}));`
	out, err := exec.CommandContext(t.Context(), node, "-e", program).Output()
	if err != nil {
		t.Fatalf("run the script: %v", err)
	}
	got := string(out)
	expected, err := json.Marshal(want)
	if err != nil {
		t.Fatalf("encode what is wanted: %v", err)
	}
	if got != string(expected) {
		t.Errorf("script = %s\nwant %s", got, expected)
	}
	if c := english(t).count(1234567); c != want.Count {
		t.Errorf("count(1234567) = %q; want %q", c, want.Count)
	}
}
