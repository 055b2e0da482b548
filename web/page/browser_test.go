package page

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// room answers the page's script as a gateway would, by a small script of its own.
type room struct {
	mu     sync.Mutex
	asked  []string
	answer func(action string, times int) (status int, body any)
}

func (r *room) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	action := request.URL.Path[strings.LastIndex(request.URL.Path, "/")+1:]
	r.mu.Lock()
	r.asked = append(r.asked, action)
	times := 0
	for _, a := range r.asked {
		if a == action {
			times++
		}
	}
	status, body := r.answer(action, times)
	r.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the browser has gone
}

func problem(code string) map[string]any {
	return map[string]any{"type": "about:blank", "title": code, "code": code}
}

// browse opens v in a headless Chromium, lets the given time pass there, and
// returns what the page has become and what its script asked for.
func browse(t *testing.T, v View, r *room, passes time.Duration) (*html.Node, []string) {
	t.Helper()
	p := newPages(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix+"/assets/{name}", p.ServeAsset)
	mux.Handle(prefix+"/tour/", r)
	mux.HandleFunc("GET /buy", func(w http.ResponseWriter, _ *http.Request) {
		if err := p.Waiting(w, http.StatusOK, v); err != nil {
			t.Errorf("Waiting() = %v; want a page", err)
		}
	})
	mux.HandleFunc("GET /shop", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `<!doctype html><main data-screen="shop"></main>`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	root := dump(t, server.URL+"/buy", passes)
	r.mu.Lock()
	defer r.mu.Unlock()
	return root, slices.Clone(r.asked)
}

// dump opens an address in a headless Chromium, lets the given time pass there,
// and returns what the page has become.
func dump(t *testing.T, url string, passes time.Duration) *html.Node {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on this machine")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+t.TempDir(), fmt.Sprintf("--virtual-time-budget=%d", passes.Milliseconds()),
		"--dump-dom", url).Output()
	if err != nil {
		t.Fatalf("run chromium: %v", err)
	}
	return parse(t, string(out))
}

func screenShown(root *html.Node) string {
	return attribute(find(root, tag("main"))[0], "data-screen")
}

func shown(root *html.Node, id string) string {
	return text(find(root, func(n *html.Node) bool { return attribute(n, "id") == id })[0])
}

// inLine is a place with so many called.
func inLine(serving int64) Place {
	p := waitingView().Place
	p.Number, p.Serving, p.Ahead, p.RetryAfterMS = 100, serving, max(0, 99-serving), 1000
	if serving >= p.Number {
		p.State = StateTurn
	}
	return p
}

func snapshot(serving int64) Now {
	return Now{Event: "tour", Mode: ModeNormal, Phase: "open", Generation: "1", RetryAfterMS: 1000,
		Lines: map[string]Line{"general": {Serving: serving, Issued: 200, PerMinute: 60}}}
}

func TestTheScriptWaitsAndGoesIn(t *testing.T) {
	r := &room{}
	r.answer = func(action string, times int) (int, any) {
		switch action {
		case "join":
			return http.StatusOK, inLine(10)
		case "now":
			return http.StatusOK, snapshot(10 + int64(times)*20)
		case "claim":
			if times == 1 {
				return http.StatusTooManyRequests, problem("at_the_door")
			}
			admitted := inLine(120)
			admitted.State, admitted.Location = StateAdmitted, "/shop"
			return http.StatusOK, admitted
		}
		if slices.Contains(r.asked, "now") { // near the turn
			return http.StatusOK, inLine(100)
		}
		return http.StatusOK, inLine(10)
	}
	root, asked := browse(t, views()[ScreenJoining], r, 60*time.Second)
	if got := screenShown(root); got != "shop" {
		t.Errorf("after the turn the browser shows %q; want the shop", got)
	}
	want := []string{"join", "status", "now", "status", "claim", "claim"}
	if got := slices.Compact(slices.DeleteFunc(slices.Clone(asked), func(a string) bool { return a == "claim" })); !slices.Equal(got, want[:4]) {
		t.Errorf("the script asked for %v; want %v", asked, want)
	}
	if got := len(slices.DeleteFunc(slices.Clone(asked), func(a string) bool { return a != "claim" })); got != 2 {
		t.Errorf("claims = %d; want 2, the first found the door busy", got)
	}
}

func TestTheScriptNeverShowsANumberGoingBack(t *testing.T) {
	r := &room{answer: func(action string, times int) (int, any) {
		if action == "now" {
			return http.StatusOK, snapshot([]int64{40, 30, 20}[min(times, 3)-1])
		}
		return http.StatusOK, inLine(10)
	}}
	root, _ := browse(t, View{EventID: "tour", Place: inLine(10), Return: "/buy"}, r, 20*time.Second)
	if serving, ahead := shown(root, "serving"), shown(root, "ahead"); serving != "40" || ahead != "59" {
		t.Errorf("serving %s, ahead %s; want 40 and 59, as far as it ever was", serving, ahead)
	}
}

func TestTheScriptSaysThatCookiesAreRefused(t *testing.T) {
	r := &room{answer: func(action string, _ int) (int, any) {
		if action == "join" {
			return http.StatusOK, inLine(10)
		}
		return http.StatusNotFound, problem("no_place")
	}}
	root, asked := browse(t, views()[ScreenJoining], r, 60*time.Second)
	if got := screenShown(root); got != string(ScreenNoCookie) {
		t.Errorf("screen = %q; want %q", got, ScreenNoCookie)
	}
	if want := []string{"join", "status", "join", "status"}; !slices.Equal(asked, want) {
		t.Errorf("the script asked for %v; want %v and no more", asked, want)
	}
}

func TestTheScriptKeepsThePlaceOnScreenWhenNothingAnswers(t *testing.T) {
	r := &room{answer: func(string, int) (int, any) { return http.StatusServiceUnavailable, problem("hold") }}
	root, asked := browse(t, View{EventID: "tour", Place: inLine(10), Return: "/buy"}, r, 60*time.Second)
	if got := screenShown(root); got != string(ScreenWaiting) || shown(root, "number") != "100" {
		t.Errorf("screen %q, number %s; want waiting, 100", got, shown(root, "number"))
	}
	if got := shown(root, "banner"); !strings.Contains(got, "Your place is kept") {
		t.Errorf("banner = %q; want that the place is kept", got)
	}
	if len(asked) < 3 || len(asked) > 8 {
		t.Errorf("the script asked %d times in a minute; want it to go on, ever more rarely", len(asked))
	}
}

func TestTheScriptJoinsByItselfAtTheStart(t *testing.T) {
	v := views()[ScreenCountdown]
	starts := v.Place.At.Add(10 * time.Second)
	v.Place.StartsAt = &starts
	r := &room{answer: func(string, int) (int, any) { return http.StatusOK, inLine(10) }}
	root, asked := browse(t, v, r, 20*time.Second)
	if got := screenShown(root); got != string(ScreenWaiting) || asked[0] != "join" {
		t.Errorf("screen %q, asked %v; want waiting after a join", got, asked)
	}
}
