package loadtest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	chance "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/queue"
)

// fault is what a gate does wrong.
type fault string

const (
	honest       fault = ""
	overRate     fault = "lets three times the rate in"
	overCap      fault = "lets twice the cap in"
	secondPlace  fault = "gives every join a place of its own"
	secondTicket fault = "gives every request an admission of its own"
	backwards    fault = "gives later joins lower numbers"
	favourites   fault = "lets one in twenty in past the line"
	runsBack     fault = "shows serving going back"
	openDoor     fault = "lets one in twenty through without an admission"
	asleep       fault = "calls nobody for two seconds"
	oldPolicy    fault = "goes back to an older policy"
	forgets      fault = "forgets one place in twenty"
	turnsAway    fault = "sends one in twenty back to the line, admission in hand"
	breaksOff    fault = "breaks off one page in twenty, which is no lie"
)

// gate is a small gateway that keeps its passes in its own memory, just enough
// of the HTTP contract for a crowd, and can be dishonest.
type gate struct {
	fault   fault
	policy  queue.Policy
	store   *queue.Memory
	origin  http.Handler
	history *invariant.History // stands for the organizer's live numbers
	room    atomic.Pointer[queue.Snapshot]
	serial  atomic.Int64

	ticking sync.Mutex
	mu      sync.Mutex
	passes  map[queue.Visitor]queue.Answer
	ended   map[string]bool
}

const gateRoom = "evening"

// startGate runs a gate until the test ends. It stands open at two addresses.
func startGate(t *testing.T, f fault, p queue.Policy, h *invariant.History) *gate {
	g := &gate{
		fault: f, policy: p, history: h, origin: NewOrigin(h, "/buy"),
		store:  queue.NewMemory(time.Now, func() uint64 { return 7 }),
		passes: map[queue.Visitor]queue.Answer{}, ended: map[string]bool{},
	}
	switch f {
	case overRate:
		g.policy.Rate *= 3
	case overCap:
		g.policy.Cap *= 2
	}
	g.tick()
	stop := make(chan struct{})
	var loop sync.WaitGroup
	loop.Go(func() {
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				g.tick()
			case <-stop:
				return
			}
		}
	})
	t.Cleanup(func() { close(stop); loop.Wait() })
	return g
}

// overTCP is where a crowd finds the gate.
func (g *gate) overTCP(t *testing.T) Target {
	target := Target{Host: "tickets.example", Path: "/buy", Event: gateRoom}
	for range 2 {
		server := httptest.NewServer(g)
		t.Cleanup(server.Close)
		target.Gateways = append(target.Gateways, strings.TrimPrefix(server.URL, "http://"))
	}
	return target
}

// inMemory is the same without a network, for a bubble of synctest: there a
// request takes as long as it is meant to, however slow the machine.
func (g *gate) inMemory(t *testing.T) Target {
	target := Target{Host: "tickets.example", Path: "/buy", Event: gateRoom}
	halls := map[string]hall{}
	for _, address := range []string{"127.0.0.1:1", "127.0.0.1:2"} {
		listener := hall{make(chan net.Conn), make(chan struct{})}
		halls[address] = listener
		server := &http.Server{Handler: g, ErrorLog: log.New(io.Discard, "", 0)}
		go func() { _ = server.Serve(listener) }()
		t.Cleanup(func() { _ = server.Close() })
		target.Gateways = append(target.Gateways, address)
	}
	target.Dial = func(ctx context.Context, address string) (net.Conn, error) { return halls[address].dial(ctx) }
	return target
}

func (g *gate) tick() {
	g.ticking.Lock()
	defer g.ticking.Unlock()
	p := g.policy
	n := g.serial.Add(1)
	if g.fault == asleep && n > 50 {
		p.Gates.Calls, p.Version = n > 150, 2
		if n > 150 {
			p.Version = 3
		}
	}
	s, err := g.store.Tick(context.Background(), gateRoom, p, queue.Budget{}, queue.Remembered{})
	if err != nil {
		panic(err) // a store in memory has no reason
	}
	g.room.Store(&s)
	room := invariant.Room{Version: s.Version, Called: s.Called, Active: s.Active, Late: s.Late}
	if g.fault == oldPolicy && n%40 == 0 {
		room.Version--
	}
	for _, line := range s.Lines {
		room.Lines = append(room.Lines, invariant.Line{Name: line.Name, Serving: line.Serving, Waiting: line.Waiting})
	}
	g.history.Add(invariant.Ticked(invariant.Milli(s.At), room))
}

// seen is the room as it was a moment ago, as the limits promise: on a busy
// machine the loop may be late.
func (g *gate) seen() *queue.Snapshot {
	if time.Since(time.UnixMilli(g.room.Load().At)) > 100*time.Millisecond {
		g.tick()
	}
	return g.room.Load()
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	who := g.visitor(w, r)
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/join"):
		g.join(w, who)
	case strings.HasSuffix(path, "/status"):
		g.status(w, who)
	case strings.HasSuffix(path, "/claim"):
		g.claim(w, who)
	case strings.HasSuffix(path, "/leave"):
		g.leave(w, r, who)
	case strings.HasSuffix(path, "/now"):
		s := g.seen()
		line, _ := s.Line("general")
		g.say(w, http.StatusOK, map[string]any{"at": time.UnixMilli(s.At), "retry_after_ms": 100,
			"lines": map[string]any{"general": map[string]any{"serving": line.Serving, "issued": line.Issued}}})
	default:
		g.protect(w, r, who)
	}
}

// visitor reads the cookie, or makes one.
func (g *gate) visitor(w http.ResponseWriter, r *http.Request) queue.Visitor {
	var v queue.Visitor
	if c, err := r.Cookie("rg_visitor"); err == nil {
		_, _ = hex.Decode(v[:], []byte(c.Value))
		return v
	}
	_, _ = rand.Read(v[:])
	w.Header().Add("Set-Cookie", "rg_visitor="+hex.EncodeToString(v[:])+"; Path=/; HttpOnly")
	return v
}

func (g *gate) pass(v queue.Visitor) queue.Answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.passes[v]
}

func (g *gate) apply(op queue.Op, who queue.Visitor, v queue.Visit) queue.Answer {
	v.Visitor = who
	answers, err := g.store.Apply(context.Background(), gateRoom, op, []queue.Visit{v})
	if err != nil {
		return queue.Answer{}
	}
	return answers[0]
}

func (g *gate) join(w http.ResponseWriter, who queue.Visitor) {
	if g.fault == favourites && who[0] < 13 {
		g.admit(w, who, g.apply(queue.Touch, who, queue.Visit{Adopt: 5000}))
		g.say(w, http.StatusOK, map[string]any{"state": admitted})
		return
	}
	stands := who
	if g.fault == secondPlace {
		_, _ = rand.Read(stands[:])
	}
	a := g.apply(queue.Join, stands, queue.Visit{Line: "general"})
	switch a.State {
	case queue.Active:
		g.admit(w, who, a)
		g.say(w, http.StatusOK, map[string]any{"state": admitted})
		return
	case queue.Waiting:
		g.mu.Lock()
		g.passes[who] = a
		g.mu.Unlock()
	}
	g.place(w, g.pass(who))
}

// place answers from memory, as a gateway does.
func (g *gate) place(w http.ResponseWriter, pass queue.Answer) {
	line, _ := g.seen().Line("general")
	state, number, serving := waiting, pass.Number, line.Serving
	if pass.Order <= line.CalledOrder {
		state = turn
	}
	if g.fault == backwards {
		number = 1_000_000 - number
	}
	if g.fault == runsBack && time.Now().UnixMilli()/100%2 == 0 {
		serving /= 2
	}
	g.say(w, http.StatusOK, map[string]any{
		"state": state, "line": "general", "number": number, "serving": serving,
		"ahead": max(0, number-serving-1), "retry_after_ms": 50 + chance.IntN(100), "wait": map[string]int{"p50_s": 1, "p90_s": 5},
	})
}

func (g *gate) status(w http.ResponseWriter, who queue.Visitor) {
	pass := g.pass(who)
	if pass.Order == 0 || g.fault == forgets && who[0] < 13 {
		g.say(w, http.StatusNotFound, map[string]any{"code": "no_place"})
		return
	}
	g.place(w, pass)
}

func (g *gate) claim(w http.ResponseWriter, who queue.Visitor) {
	pass := g.pass(who)
	switch a := g.apply(queue.Claim, who, queue.Visit{Line: pass.Line, Order: pass.Order}); a.State {
	case queue.Active:
		g.admit(w, who, a)
		g.say(w, http.StatusOK, map[string]any{"state": admitted})
	case queue.AtDoor:
		g.refuse(w, http.StatusTooManyRequests, "at_the_door")
	case queue.Missed:
		g.refuse(w, http.StatusGone, "turn_missed")
	default:
		g.refuse(w, http.StatusConflict, "not_your_turn")
	}
}

func (g *gate) admit(w http.ResponseWriter, who queue.Visitor, a queue.Answer) {
	id := invariant.SessionID(who, a.Session)
	if g.fault == secondTicket {
		id = fmt.Sprint(id, ".", g.serial.Add(1))
	}
	payload, _ := json.Marshal(ticket{Session: id, Ends: a.Ends / 1000})
	w.Header().Add("Set-Cookie", "rg_admission=h."+base64.RawURLEncoding.EncodeToString(payload)+".s; Path=/")
}

// protect lets through who has an admission, straight in who may, and shows all
// others the page.
func (g *gate) protect(w http.ResponseWriter, r *http.Request, who queue.Visitor) {
	c, err := r.Cookie("rg_admission")
	if err == nil {
		if t, ok := readTicket(c.Value); ok && !g.over(t) {
			if g.fault == turnsAway && who[0] < 13 {
				g.wait(w)
				return
			}
			if g.fault == secondTicket {
				g.admit(w, who, queue.Answer{Ends: t.Ends * 1000})
			}
			g.forward(w, r, c.Value, t, who)
			return
		}
	}
	if g.fault == openDoor && who[0] < 13 {
		g.forward(w, r, "", ticket{}, who)
		return
	}
	if a := g.apply(queue.Join, who, queue.Visit{}); a.State == queue.Active {
		g.admit(w, who, a)
		c := strings.TrimPrefix(strings.Split(w.Header()["Set-Cookie"][len(w.Header()["Set-Cookie"])-1], ";")[0], "rg_admission=")
		t, _ := readTicket(c)
		g.forward(w, r, c, t, who)
		return
	}
	g.wait(w)
}

func (g *gate) wait(w http.ResponseWriter) {
	w.Header().Set("Rushgate-State", "waiting")
	_, _ = w.Write([]byte("<!doctype html><title>Please wait</title>"))
}

func (g *gate) over(t ticket) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ended[t.Session] || t.Ends*1000 < time.Now().UnixMilli()
}

// leave gives up the place, or the session.
func (g *gate) leave(w http.ResponseWriter, r *http.Request, who queue.Visitor) {
	if c, err := r.Cookie("rg_admission"); err == nil {
		if t, ok := readTicket(c.Value); ok {
			g.end(who, t)
		}
	} else {
		g.apply(queue.Leave, who, queue.Visit{Order: g.pass(who).Order})
	}
	g.say(w, http.StatusOK, map[string]any{"state": leftRoom})
}

func (g *gate) end(who queue.Visitor, t ticket) {
	var number int64
	_, _ = fmt.Sscan(t.Session[strings.IndexByte(t.Session, '.')+1:], &number)
	g.apply(queue.Complete, who, queue.Visit{Session: number, Generation: g.room.Load().Generation})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended[t.Session] = true
}

func (g *gate) forward(w http.ResponseWriter, r *http.Request, token string, t ticket, who queue.Visitor) {
	r.Header.Set("Rushgate-Admission", token)
	g.origin.ServeHTTP(w, r)
	if g.fault == breaksOff && who[0] < 13 {
		panic(http.ErrAbortHandler)
	}
	if w.Header().Get("Rushgate-Command") == "complete" {
		g.end(who, t)
	}
}

func (g *gate) refuse(w http.ResponseWriter, status int, code string) {
	g.say(w, status, map[string]any{"code": code, "retry_after_ms": 500})
}

func (g *gate) say(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
