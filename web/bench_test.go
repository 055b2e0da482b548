package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/event"
)

// discard is a response writer that keeps nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header       { return d.header }
func (*discard) Write(b []byte) (int, error) { return len(b), nil }
func (*discard) WriteHeader(int)             {}

// A poll, from the parsed request to the written answer.
func BenchmarkStatus(b *testing.B) {
	h := openHouse(b, `{"room":{"queue_all":true}}`)
	f := h.browser()
	f.call("join")
	h.until("somebody waits", func() bool { return h.view().Snapshot.Waiting() == 1 })
	pass := h.keys.SealPass(admission.Pass{
		Event: "hamlet", Generation: h.view().Snapshot.Generation, Line: "general", Visitor: [16]byte{1}, Order: 1<<52 + 1, Number: 1,
	})
	r := httptest.NewRequest("GET", "http://tickets.example/_rushgate/hamlet/status", nil)
	r.Header.Set("Cookie", "theirs=1; rg_pass_hamlet="+pass)
	r.Header.Set("Accept", "application/json")
	w := &discard{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		h.gateway.ServeHTTP(w, r)
	}
}

// An admitted request up to the moment at which it would go to the shop.
func BenchmarkGate(b *testing.B) {
	h := openHouse(b, "")
	now := h.view().StoreTime(time.Now())
	token, err := h.keys.Sign(admission.Admission{
		Event: "hamlet", Organization: "globe", Generation: h.view().Snapshot.Generation, Session: 1,
		IssuedAt: now, Ends: now + 280_000,
	})
	if err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequest("GET", "http://tickets.example/buy/seats", nil)
	r.Header.Set("Cookie", "theirs=1; rg_adm_hamlet="+token)
	rm, _ := h.keeper.Room("hamlet")
	b.ReportAllocs()
	for b.Loop() {
		v, err := h.gateway.newVisit(r, rm, &event.Route{Action: event.Protect})
		if err != nil {
			b.Fatal(err)
		}
		if through, _, _, err := v.pass(false); !through {
			b.Fatal(err)
		}
	}
}

// A join of somebody new, over the embedded store.
func BenchmarkJoin(b *testing.B) {
	h := openHouse(b, `{"room":{"queue_all":true}}`)
	for i := range h.gateway.limiter.levels {
		h.gateway.limiter.levels[i].rate.Burst = 1 << 30
	}
	w := &discard{http.Header{}}
	body := `{"return":"/buy"}`
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		r := httptest.NewRequest("POST", "http://tickets.example/_rushgate/hamlet/join", strings.NewReader(body))
		r.Header["Content-Type"] = isJSON
		h.gateway.ServeHTTP(w, r)
	}
}
