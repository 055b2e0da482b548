package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/admission"
)

const twoLines = `{"room":{"queue_all":true,"lines":[{"name":"general"},{"name":"presale","code":true},{"name":"friends","code":true}]}}`

func (h *house) code(line string, serial int, days int) string {
	h.t.Helper()
	code, err := h.keys.MakeCode(admission.Code{
		Event: "hamlet", Line: line, Serial: serial, Last: time.Now().UTC().AddDate(0, 0, days).Truncate(24 * time.Hour),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

func TestACodeOpensItsLine(t *testing.T) {
	h := openHouse(t, twoLines)
	_, p := h.script().joinBy(`{"code":"` + h.code("presale", 1, 0) + `"}`)
	equal(t, "the line of the code", p.Line, "presale")
	equal(t, "the first number there", p.Number, int64(1))
	_, p = h.script().joinBy(`{"line":"friends","code":"` + strings.ToLower(h.code("friends", 1, 1)) + `"}`)
	equal(t, "a line that is named", p.Line, "friends")

	f := h.script()
	_, p = f.joinBy("")
	equal(t, "who came without a code", p.Line, "general")
	_, p = f.joinBy(`{"code":"` + h.code("presale", 2, 1) + `"}`)
	equal(t, "changes the line with one", p.Line, "presale")
	equal(t, "and has the pass of it", f.statusBy().Line, "presale")
}

// A62: one code is one place, however many have it.
func TestASharedCodeIsOnePlace(t *testing.T) {
	h := openHouse(t, twoLines)
	body := `{"code":"` + h.code("presale", 7, 0) + `"}`
	_, first := h.script().joinBy(body)
	for range 20 {
		_, p := h.script().joinBy(body)
		equal(t, "whoever else types it has number", p.Number, first.Number)
	}
	equal(t, "places in the line", h.waiting(), int64(1))

	h.change(`{"room":{"queue_all":false,"total_active_users":100}}`)
	for range 5 {
		f := h.script()
		h.until("called", func() bool {
			_, p := f.joinBy(body)
			return p.State == "turn" || p.State == "admitted"
		})
		f.call("claim")
	}
	h.until("one session for all of them", func() bool { return h.active() == 1 })
}

// A62: codes that open nothing, and cost a join each.
func TestCodesThatAreRefused(t *testing.T) {
	h := openHouse(t, twoLines)
	h.burstsOnly()
	for _, tt := range []struct{ say, body, code string }{
		{"no code", `{"line":"presale"}`, "code_required"},
		{"another line's code", `{"line":"presale","code":"` + h.code("friends", 1, 1) + `"}`, "code_refused"},
		{"yesterday's code", `{"code":"` + h.code("presale", 1, -1) + `"}`, "code_refused"},
		{"a guess", `{"code":"00000-00000-00000-00000-00000"}`, "code_refused"},
		{"a formula", `{"code":"=1+1"}`, "code_refused"},
		{"a code for general", `{"line":"general","code":"` + h.code("presale", 1, 1) + `"}`, "code_refused"},
	} {
		r := h.script().do("POST", "/_rushgate/hamlet/join", tt.body).code(t, tt.say, 403, tt.code)
		if tt.code == "code_refused" && !strings.Contains(r.body, `"reference":"R-`) {
			t.Errorf("%s: no reference to appeal with: %s", tt.say, r.body)
		}
	}
	equal(t, "places in the line", h.waiting(), int64(0))
	limited := 0
	for i := range 300 {
		r := h.script().do("POST", "/_rushgate/hamlet/join", fmt.Sprintf(`{"code":"%025d"}`, i), "X-Forwarded-For", "198.51.100.7")
		if r.StatusCode == 429 {
			limited++
		}
	}
	equal(t, "guesses of 300 from one address that were held up: all beyond the burst", limited, 100)
}

func TestACodeWithoutJavaScript(t *testing.T) {
	h := openHouse(t, twoLines)
	f := h.browser()
	r := f.get("/buy").want(t, "the page", 200)
	if !strings.Contains(r.body, `name="code"`) {
		t.Fatal("the page asks for no code")
	}
	const form = "application/x-www-form-urlencoded"
	r = f.do("POST", "/_rushgate/hamlet/join", "return=/buy&code=nonsense", "Content-Type", form).want(t, "a wrong code", 403)
	if !strings.Contains(r.body, "This code was not accepted") || !strings.Contains(r.body, "R-") {
		t.Error("the page does not say that the code was refused")
	}
	f.do("POST", "/_rushgate/hamlet/join", "return=/buy&code="+h.code("presale", 3, 0), "Content-Type", form).want(t, "a good one", 303)
	equal(t, "the line", f.statusBy("Accept", "application/json").Line, "presale")
	if plain := openHouse(t, "").browser().get("/buy", "Sec-Purpose", "prefetch"); strings.Contains(plain.body, `name="code"`) {
		t.Error("an event without codes asks for one")
	}
}

func TestACodeStaysBesideAnAccount(t *testing.T) {
	h := openHouse(t, accountsRequired+`,"room":{"queue_all":true,"lines":[{"name":"general"},{"name":"presale","code":true}]}}`)
	f, anna := h.script(), "fan="+signIn(t, "anna")
	_, p := f.joinBy(`{"code":"`+h.code("presale", 1, 0)+`"}`, "Cookie", anna)
	equal(t, "an account with a code", p.Line, "presale")
	equal(t, "keeps the code's place", f.statusBy("Cookie", cookies(f)+"; "+anna).Line, "presale")
	_, p = h.script().joinBy(`{"code":"` + h.code("presale", 2, 0) + `"}`)
	equal(t, "a code needs no account", p.Number, int64(2))
}
