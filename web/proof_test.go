package web

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/web/page"
)

const (
	workFirst = `{"proof":{"mode":"on","effort":"100ms"},"room":{"queue_all":true}}`
	urlForm   = "application/x-www-form-urlencoded"
)

// asked returns the challenge in a refusal.
func asked(t *testing.T, r reply) proofAsked {
	t.Helper()
	r.code(t, "a join without work", 403, "proof_required")
	var p struct{ Proof proofAsked }
	if err := json.Unmarshal([]byte(r.body), &p); err != nil || p.Proof.Challenge == "" {
		t.Fatalf("%s holds no challenge: %v", r.body, err)
	}
	return p.Proof
}

// work is a client that follows the contract in docs/openapi.yaml.
func work(t *testing.T, p proofAsked) string {
	t.Helper()
	seed, err := hex.DecodeString(p.Seed)
	if err != nil || len(seed) != sha256.Size {
		t.Fatalf("seed %q: %v", p.Seed, err)
	}
	message := append(seed, make([]byte, 8)...)
	answer := p.Challenge
	for i := range uint32(p.Shares) {
		binary.BigEndian.PutUint32(message[32:], i)
		for n := uint32(0); ; n++ {
			binary.BigEndian.PutUint32(message[36:], n)
			if sum := sha256.Sum256(message); uint64(binary.BigEndian.Uint32(sum[:])) < p.Limit {
				answer += "." + strconv.FormatUint(uint64(n), 36)
				break
			}
		}
	}
	return answer
}

func withProof(proof string) string { return `{"proof":"` + proof + `"}` }

func (f *fan) bareJoin(body string, headers ...string) reply {
	f.h.t.Helper()
	return f.do("POST", "/_rushgate/hamlet/join", body, headers...)
}

func TestWorkBringsAPlace(t *testing.T) {
	h := openHouse(t, workFirst)
	f := h.browser()
	f.get("/buy").want(t, "the page gives a visitor cookie", 200)
	challenge := asked(t, f.bareJoin("", "Accept", "application/json", "Sec-Fetch-Mode", "cors"))
	f.head.Set("Accept", "application/json")
	f.head.Set("Sec-Fetch-Mode", "cors")
	_, p := f.joinBy(withProof(work(t, challenge)))
	equal(t, "who has worked", p.Number, int64(1))
	_, p = f.joinBy("")
	equal(t, "works once for a place", p.Number, int64(1))

	app := h.fan("Accept", "application/json") // keeps no cookies and sends none
	_, p = app.joinBy(withProof(work(t, asked(t, app.bareJoin("")))))
	equal(t, "a client without cookies", p.Number, int64(2))
}

// A61: proofs that are spent twice, passed on, worked out ahead or made easier.
func TestProofsBringOnePlaceAtMost(t *testing.T) {
	h := openHouse(t, workFirst)
	one, other := h.browser(), h.browser()
	for _, f := range []*fan{one, other} {
		f.get("/buy").want(t, "the page", 200)
		f.head.Set("Sec-Fetch-Mode", "cors")
		f.head.Set("Accept", "application/json")
	}
	proof := work(t, asked(t, one.bareJoin("")))
	asked(t, other.bareJoin(withProof(proof))) // another's: a challenge of one's own
	equal(t, "places by another's proof", h.waiting(), int64(0))
	_, p := one.joinBy(withProof(proof))
	equal(t, "its own visitor's", p.Number, int64(1))
	for range 5 { // without the pass that came of it
		asked(t, h.script().bareJoin(withProof(proof)))
	}
	one.call("leave")
	asked(t, one.bareJoin(withProof(proof))) // spent: the end of the line is work again

	app := h.script()
	shared := work(t, asked(t, app.bareJoin("")))
	for range 5 {
		h.gateway.proofs.spent.InvalidateAll() // a table that was lost, or another gateway
		_, p := h.script().joinBy(withProof(shared))
		equal(t, "a replay after a loss is the same place", p.Number, int64(2))
	}

	visitor := admission.Browser{7}
	now := h.view().StoreTime(time.Now())
	challenge := func(c admission.Challenge) string {
		c.Event, c.Visitor, c.Browser = "hamlet", visitor.Visitor("hamlet"), visitor
		text := h.keys.SealChallenge(c)
		return work(t, proofAsked{Challenge: text, Seed: admission.Seed(text), Limit: admission.Limit(c.Work), Shares: admission.Shares})
	}
	before := h.waiting()
	asked(t, h.script().bareJoin(withProof(challenge(admission.Challenge{Work: 32, Issued: now - 121_000})))) // worked out ahead
	for _, lie := range []string{"x", strings.Repeat("a", 300), shared + ".0", strings.Replace(shared, ".", ".zz", 1)} {
		asked(t, h.script().bareJoin(withProof(lie)))
	}
	equal(t, "places by lies", h.waiting(), before)
}

func TestWaitingInsteadOfWorking(t *testing.T) {
	h := openHouse(t, workFirst)
	f := h.browser()
	f.get("/buy").want(t, "the page", 200)
	r := f.bareJoin("return=/buy", "Content-Type", urlForm).want(t, "the button, without JavaScript", 403)
	hidden := regexp.MustCompile(`name="proof" value="([^"]+)"`)
	found := hidden.FindStringSubmatch(r.body)
	if found == nil || !strings.Contains(r.body, "wait for 15 seconds") || strings.Contains(r.body, "http-equiv") {
		t.Fatal("the page does not say how long to wait, keeps no challenge or leaves by itself")
	}
	r = f.bareJoin("return=/buy&proof="+found[1], "Content-Type", urlForm).want(t, "too early", 403)
	if again := hidden.FindStringSubmatch(r.body); again == nil || again[1] != found[1] {
		t.Fatal("who asks too early has to begin anew")
	}
	equal(t, "places so far", h.waiting(), int64(0))

	visitor := admission.Browser{9}
	waited := h.keys.SealChallenge(admission.Challenge{
		Event: "hamlet", Visitor: visitor.Visitor("hamlet"), Browser: visitor, Work: 1 << 20, Issued: h.view().StoreTime(time.Now()) - 16_000,
	})
	h.browser().bareJoin("return=/buy&proof="+waited, "Content-Type", urlForm).want(t, "after the wait", 303)
	equal(t, "places", h.waiting(), int64(1))
}

// A61: waiting can be done for many at a time, so an address gets little of it.
func TestWaitingIsDearForAnAddress(t *testing.T) {
	h := openHouse(t, workFirst)
	h.burstsOnly()
	in := 0
	for i := range 40 {
		visitor := admission.Browser{1, byte(i)}
		waited := h.keys.SealChallenge(admission.Challenge{
			Event: "hamlet", Visitor: visitor.Visitor("hamlet"), Browser: visitor, Work: 1 << 20, Issued: h.view().StoreTime(time.Now()) - 16_000,
		})
		if r := h.script().bareJoin(withProof(waited), "X-Forwarded-For", "198.51.100.7"); r.StatusCode == 200 {
			in++
		}
	}
	equal(t, "of 40 who waited, those who joined from one address: a twentieth of its burst", in, 10)
}

func TestWorkIsNotAskedOf(t *testing.T) {
	h := openHouse(t, strings.TrimSuffix(accountsOptional, "}")+`},"proof":{"mode":"on"},"room":{"queue_all":true,"lines":[{"name":"general"},{"name":"presale","code":true}]}}`)
	_, p := h.script().joinBy("", "Authorization", "Bearer "+signIn(t, "anna"))
	equal(t, "accounts", p.State, page.StateWaiting)
	_, p = h.script().joinBy(`{"code":"` + h.code("presale", 1, 0) + `"}`)
	equal(t, "codes", p.State, page.StateWaiting)

	h = openHouse(t, `{"proof":{"mode":"auto"},"room":{"total_active_users":1000}}`)
	equal(t, "anybody on a calm day", h.browser().get("/buy").body, "the shop")
	for range 2000 {
		h.gateway.proofs.load("hamlet").arrive(1, time.Now())
	}
	r := h.browser().get("/buy").want(t, "in a rush", 200)
	equal(t, "nobody comes in by a GET", r.Header.Get("Rushgate-State"), "none")
	asked(t, h.script().bareJoin(""))
}

func TestLoad(t *testing.T) {
	start := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	l := &load{}
	for i := range 3000 { // 100 a second for half a minute
		l.arrive(1, start.Add(time.Duration(i)*10*time.Millisecond))
	}
	if got := l.arrive(0, start.Add(30*time.Second)); got < 90 || got > 110 {
		t.Errorf("load after 100 a second = %v; want about 100", got)
	}
	if got := l.arrive(0, start.Add(60*time.Second)); got > 1 {
		t.Errorf("load half a minute later = %v; want nearly none", got)
	}
	if got := l.arrive(0, start); got < 0 || got > 1 {
		t.Errorf("load by a clock that went back = %v; want it unchanged", got)
	}
}

func TestARefusedJoinCanBeLookedUp(t *testing.T) {
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	h.burstsOnly()
	var reference string
	for range 210 {
		r := h.script().bareJoin("", "X-Forwarded-For", "2a00:1:2:3::7")
		if r.StatusCode != 429 {
			continue
		}
		r.code(t, "beyond the burst", 429, "too_many_joins")
		var p struct{ Reference string }
		if err := json.Unmarshal([]byte(r.body), &p); err != nil || !strings.HasPrefix(p.Reference, "R-") {
			t.Fatalf("no reference in %s", r.body)
		}
		if reference != "" && p.Reference != reference {
			t.Fatalf("one matter has two references, %s and %s", reference, p.Reference)
		}
		reference = p.Reference
	}
	if reference == "" {
		t.Fatal("nobody was refused")
	}
	equal(t, "lines of the log with it", strings.Count(h.logged(), reference), 1)
	if strings.Contains(h.logged(), "2a00:1:2:3") {
		t.Error("the log tells the address")
	}
}
