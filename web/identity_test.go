package web

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/bilten/rushgate/web/page"
)

const (
	accountsRequired = `{"identity":{"mode":"required","issuer":"globe","audience":"hamlet","algorithm":"HS256","secret":"fans","cookie":"fan","sign_in_url":"https://globe.example/sign-in"}`
	accountsOptional = `{"identity":{"mode":"optional","issuer":"globe","audience":"hamlet","algorithm":"HS256","secret":"fans","header":"Authorization"}`
	everybodyWaits   = `,"room":{"queue_all":true}}`
)

// signIn is the token that the organizer gives to an account.
func signIn(t testing.TB, who string) string { return signInUntil(t, who, time.Now().Add(time.Hour)) }

func signInUntil(t testing.TB, who string, end time.Time) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer: "globe", Audience: jwt.ClaimStrings{"hamlet"}, Subject: who, ExpiresAt: jwt.NewNumericDate(end),
	}).SignedString(fanSecret("globe", "fans"))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// joinBy joins with a body, and headers.
func (f *fan) joinBy(body string, headers ...string) (reply, page.Place) {
	f.h.t.Helper()
	r := f.do("POST", "/_rushgate/hamlet/join", body, append([]string{"Accept", "application/json"}, headers...)...)
	return r, placeIn(f.h.t, r)
}

func (f *fan) statusBy(headers ...string) page.Place {
	f.h.t.Helper()
	return placeIn(f.h.t, f.get("/_rushgate/hamlet/status", headers...))
}

func TestAnAccountHasOnePlaceOnEveryDevice(t *testing.T) {
	h := openHouse(t, accountsRequired+everybodyWaits)
	anna, bert := "fan="+signIn(t, "anna"), "fan="+signIn(t, "bert")
	phone, laptop := h.script(), h.script()
	_, first := phone.joinBy("", "Cookie", anna)
	equal(t, "anna's number", first.Number, int64(1))
	_, other := h.script().joinBy("", "Cookie", bert)
	equal(t, "bert's number", other.Number, int64(2))
	_, again := laptop.joinBy("", "Cookie", anna)
	equal(t, "anna's number on the laptop", again.Number, int64(1))
	equal(t, "and her reference", again.Reference, first.Reference)
	for range 5 { // shedding cookies
		_, p := h.script().joinBy("", "Cookie", anna)
		equal(t, "anna's number without cookies", p.Number, int64(1))
	}
	equal(t, "places in the line", h.waiting(), int64(2))
	equal(t, "the pass alone goes on", laptop.statusBy().Number, int64(1))
	if first.Reference == other.Reference {
		t.Error("two accounts have one reference")
	}
}

// What counts when a pass and an account are both there.
func TestPassAndAccount(t *testing.T) {
	h := openHouse(t, accountsRequired+everybodyWaits)
	anna, bert := "fan="+signIn(t, "anna"), "fan="+signIn(t, "bert")
	f := h.script()
	f.joinBy("", "Cookie", anna)
	f.get("/_rushgate/hamlet/status", "Cookie", cookies(f)+"; "+bert).code(t, "anna's pass with bert's account", 404, "no_place")
	_, p := f.joinBy("", "Cookie", cookies(f)+"; "+bert)
	equal(t, "bert joins with anna's pass in his browser", p.Number, int64(2))
	_, p = f.joinBy("", "Cookie", cookies(f)+"; "+anna)
	equal(t, "and anna has her place again", p.Number, int64(1))
	equal(t, "a sign-in that has expired leaves the pass", f.statusBy("Cookie", cookies(f)+"; fan="+signInUntil(t, "anna", time.Now().Add(-time.Hour))).Number, int64(1))

	h = openHouse(t, accountsOptional+everybodyWaits)
	f = h.browser()
	f.get("/buy").want(t, "the page", 200)
	_, p = f.call("join")
	equal(t, "a browser without an account", p.Number, int64(1))
	_, p = f.call("join", "Authorization", "Bearer "+signIn(t, "anna"))
	equal(t, "keeps its place when it signs in", p.Number, int64(1))
	_, p = h.script().joinBy("", "Authorization", "Bearer "+signIn(t, "anna"), "Cookie", passOf(f))
	equal(t, "which no other browser takes along", p.Number, int64(2))
}

func passOf(f *fan) string {
	for _, pair := range strings.Split(cookies(f), "; ") {
		if strings.Contains(pair, "rg_pass_") {
			return pair
		}
	}
	return ""
}

func TestNobodyJoinsWithoutAnAccountWhereOneIsRequired(t *testing.T) {
	h := openHouse(t, accountsRequired+`,"room":{"total_active_users":100,"json_response_enabled":true}}`)
	expired := signInUntil(t, "anna", time.Now().Add(-time.Hour))
	h.script().do("POST", "/_rushgate/hamlet/join", "").code(t, "no account", 403, "identity_required")
	for say, token := range map[string]string{"expired": expired, "forged": signIn(t, "anna") + "A", "nonsense": "x"} {
		r := h.script().do("POST", "/_rushgate/hamlet/join", "", "Cookie", "fan="+token).code(t, "a cookie that is "+say, 403, "identity_refused")
		if strings.Contains(r.body, "anna") || strings.Contains(r.body, token+`"`) {
			t.Errorf("%s: the answer tells of the account: %s", say, r.body)
		}
		_, reference, _ := strings.Cut(r.body, `"reference":"R-`)
		reference, _, _ = strings.Cut(reference, `"`)
		if log := h.logged(); reference == "" || !strings.Contains(log, "R-"+reference) || strings.Contains(log, token+`"`) {
			t.Errorf("%s: reference %q; want one that stands in the log, and no token there", say, reference)
		}
		h.script().do("POST", "/_rushgate/hamlet/join", `{"identity":"`+token+`"}`).code(t, "a body that is "+say, 403, "identity_refused")
	}
	r := h.browser().get("/buy").want(t, "the page instead of a direct entry", 200)
	if !strings.Contains(r.body, `data-screen="sign_in"`) || !strings.Contains(r.body, "https://globe.example/sign-in") {
		t.Error("the page does not say where to sign in")
	}
	h.script().get("/buy").want(t, "JSON mode takes no place", 200)
	equal(t, "what reached the shop", len(h.shop.requests()), 0)
	r = h.browser().do("POST", "/_rushgate/hamlet/join", "return=/buy", "Content-Type", "application/x-www-form-urlencoded")
	if !strings.Contains(r.body, `data-screen="sign_in"`) {
		t.Error("without JavaScript the page does not say to sign in")
	}
	in := h.browser().get("/buy", "Cookie", "fan="+signIn(t, "anna"))
	equal(t, "with an account, straight in", in.body, "the shop")
	_, p := h.script().joinBy(`{"identity":"` + signIn(t, "bert") + `"}`)
	equal(t, "with an account in the body", p.State, page.StateAdmitted)
}

func TestAnAccountIsInOnce(t *testing.T) {
	h := openHouse(t, accountsRequired+`,"room":{"total_active_users":100}}`)
	anna := "fan=" + signIn(t, "anna")
	for range 5 {
		equal(t, "anna, each time without cookies", h.browser().get("/buy", "Cookie", anna).body, "the shop")
	}
	h.until("one session", func() bool { return h.active() == 1 })
}

func TestAccountsThatCannotBeChecked(t *testing.T) {
	unknown := strings.Replace(accountsRequired, `"secret":"fans"`, `"secret":"lost"`, 1)
	h := openHouse(t, unknown+everybodyWaits)
	r := h.script().do("POST", "/_rushgate/hamlet/join", "", "Cookie", "fan="+signIn(t, "anna")).code(t, "a secret that is not there", 503, "identity_unavailable")
	if r.Header.Get("Retry-After") == "" {
		t.Error("it is not said when to ask again")
	}
}

func TestLinesForAccounts(t *testing.T) {
	h := openHouse(t, accountsOptional+`,"room":{"queue_all":true,"lines":[{"name":"general"},{"name":"members","identity":true}]}}`)
	h.script().do("POST", "/_rushgate/hamlet/join", `{"line":"members"}`).code(t, "without an account", 403, "identity_required")
	_, p := h.script().joinBy(`{"line":"members"}`, "Authorization", "bearer "+signIn(t, "anna"))
	equal(t, "with one", p.Line, "members")
	h.script().do("POST", "/_rushgate/hamlet/join", `{"line":"members"}`, "Authorization", "Basic YTpi").code(t, "another kind of Authorization", 403, "identity_required")
	h.script().do("POST", "/_rushgate/hamlet/join", `{"line":"nowhere"}`).code(t, "a line that is not there", 403, "line_closed")
}
