package web

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAnOutageIsLoggedOnceASecondForEachPool(t *testing.T) {
	t.Parallel()
	var s sparing
	noon := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	shop, tickets := complaint{"request failed", "shop"}, complaint{"request failed", "tickets"}
	for _, row := range []struct {
		says   string
		kind   complaint
		at     time.Duration
		spoken bool
		unsaid int64
	}{
		{"the first of its kind", shop, 0, true, 0},
		{"the second in the same second", shop, 300 * time.Millisecond, false, 0},
		{"another pool's first", tickets, 400 * time.Millisecond, true, 0},
		{"the third", shop, 999 * time.Millisecond, false, 0},
		{"a second after the first", shop, time.Second, true, 2},
		{"a second later, with nothing left out", shop, 2 * time.Second, true, 0},
		{"after the clock was set back", shop, -time.Hour, true, 0},
	} {
		unsaid, spoken := s.say(row.kind, noon.Add(row.at))
		if spoken != row.spoken || unsaid != row.unsaid {
			t.Errorf("%s: say = %d, %t; want %d, %t", row.says, unsaid, spoken, row.unsaid, row.spoken)
		}
	}
}

func TestAShopThatBreaksOffDoesNotFillTheLog(t *testing.T) {
	t.Parallel()
	h := openHouse(t, "")
	h.shop.answers(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	const visitors = 50
	begun, fan := time.Now(), h.script()
	for range visitors {
		if got := fan.do(http.MethodPost, "/elsewhere", ""); got.StatusCode != http.StatusBadGateway {
			t.Fatalf("status = %d; want 502", got.StatusCode)
		}
	}
	most := 1 + int(time.Since(begun)/sayEvery)
	if lines := strings.Count(h.logged(), "request failed"); lines == 0 || lines > most {
		t.Errorf("%d lines for %d failures; want 1 to %d", lines, visitors, most)
	}
}

func TestAShopThatCommandsWhileTheStoreIsAwayDoesNotFillTheLog(t *testing.T) {
	t.Parallel()
	h := openHouse(t, "")
	fan := h.browser()
	fan.get("/buy").want(t, "in", http.StatusOK)
	fan.get("/buy").want(t, "off probation", http.StatusOK)
	h.store.asleep.Store(true)
	h.shop.answers(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Rushgate-Command", "extend") })
	const commands = 50
	begun := time.Now()
	for range commands {
		fan.get("/buy").want(t, "still in", http.StatusOK)
	}
	most := 1 + int(time.Since(begun)/sayEvery)
	if lines := strings.Count(h.logged(), "a command of the shop was not carried out"); lines == 0 || lines > most {
		t.Errorf("%d lines for %d commands; want 1 to %d", lines, commands, most)
	}
}
