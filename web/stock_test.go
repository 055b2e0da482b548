package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/bilten/rushgate/web/page"
)

// tells makes the shop say its stock in every answer.
func (h *house) tells(line string) {
	h.shop.answers(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Rushgate-Inventory", line) })
}

func TestAnyRouteOfTheEventMayTellTheStockAndNoOther(t *testing.T) {
	h := openHouse(t, "")
	left := func() int64 {
		if is := h.gateway.shelf.Stock("hamlet"); is != nil {
			return is.Counts[0].Remaining
		}
		return -1
	}
	for _, told := range []struct {
		says, method, path, line string
		want                     int64
	}{
		{"a protected route", http.MethodGet, "/buy", "30", 30},
		{"a bypass route, such as a webhook's", http.MethodPost, "/buy/webhook", "29;held=1", 29},
		{"a route of no event", http.MethodGet, "/elsewhere", "1", 29},
		{"junk", http.MethodPost, "/buy/webhook", "lots", 29},
		{"a route of the event again", http.MethodPost, "/buy/webhook", "28", 28},
	} {
		h.tells(told.line)
		r := h.browser().do(told.method, told.path, "").want(t, told.says, 200)
		equal(t, "what the visitor sees of it", r.Header.Get("Rushgate-Inventory"), "")
		h.until(told.says+" is heard as it should be", func() bool { return left() == told.want })
	}
}

func TestWhoMayGoAwayWithoutATicketIsToldEarly(t *testing.T) {
	h := openHouse(t, `{"room":{"new_users_per_minute":1},"tickets_per_visitor":2}`)
	in := h.browser()
	h.tells("3")
	in.get("/buy").want(t, "in", 200)
	h.until("the stock is known", func() bool { return h.gateway.shelf.Stock("hamlet") != nil })
	var fans []*fan
	for range 4 {
		f := h.browser()
		f.get("/buy")
		f.call("join")
		fans = append(fans, f)
	}
	h.until("four wait", func() bool { return h.view().Snapshot.Waiting() == 4 })
	// One is inside. Two tickets each: three are enough for the one inside and one
	// more, and at one ticket each for three who wait.
	for i, want := range []string{"", "may_not_suffice", "may_not_suffice", "beyond"} {
		_, p := fans[i].call("status")
		equal(t, "stock for number "+string(rune('1'+i)), p.Stock, want)
	}
	body := fans[3].get("/buy").body
	if !strings.Contains(body, "very likely be gone before your number") {
		t.Errorf("the page of the last in line is %s; want it to say so", body)
	}
	var now page.Now
	if err := json.Unmarshal([]byte(h.script().get("/_rushgate/hamlet/now").body), &now); err != nil {
		t.Fatal(err)
	}
	equal(t, "from which number on tickets may not suffice", now.Lines["general"].ShortFrom, 2)
	equal(t, "from which number on there are none", now.Lines["general"].BeyondFrom, 4)
}
