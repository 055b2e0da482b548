//go:build linux

package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestMeasure(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\n\r\n"
	tests := []struct {
		sentence   string
		text       string
		head, size int
		err        error
	}{
		{"nothing yet", "", 0, 0, nil},
		{"half a head", head[:30], 0, 0, nil},
		{"a head alone", head, len(head), len(head) + 5, nil},
		{"all of it", head + "hello", len(head), len(head) + 5, nil},
		{"no length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0, 0, errLength},
		{"a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n", 0, 0, errLength},
		{"more than fits", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", 0, 0, errLarge},
	}
	for _, tt := range tests {
		head, size, err := measure([]byte(tt.text))
		if head != tt.head || size != tt.size || !errors.Is(err, tt.err) {
			t.Errorf("%s: measure(%q) = %d, %d, %v; want %d, %d, %v", tt.sentence, tt.text, head, size, err, tt.head, tt.size, tt.err)
		}
	}
}

func TestCookieIn(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: rg_pass_bench=xyz; HttpOnly\r\nSet-Cookie: last=9\r\n\r\n"
	for name, want := range map[string]string{"a": "a=1", "rg_pass_bench": "rg_pass_bench=xyz", "last": "last=9", "rg_adm_bench": ""} {
		if got := cookieIn([]byte(head), name); got != want {
			t.Errorf("cookieIn(head, %s) = %q; want %q", name, got, want)
		}
	}
}

// counting answers every request and remembers how often it saw each.
type counting struct {
	mu   sync.Mutex
	seen map[string]int
}

func (c *counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.seen[r.Method+" "+r.URL.Path]++
	c.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "path", Value: r.URL.Path[1:]})
	_, _ = io.WriteString(w, "hello")
}

// since returns what it saw since it was last asked.
func (c *counting) since() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := c.seen
	c.seen = map[string]int{}
	return seen
}

func TestEveryRequestIsSentOnceAndAnswered(t *testing.T) {
	shop := &counting{seen: map[string]int{}}
	server := httptest.NewServer(shop)
	defer server.Close()
	requests := [][]byte{request("GET", "x.example", "/a"), request("POST", "x.example", "/b"), request("GET", "x.example", "/c", "k=v", "l=w")}
	for _, perSecond := range []float64{0, 5000} {
		shop.since()
		told := map[string]int{}
		got, err := load{
			address: server.Listener.Addr().String(), connections: 7, requests: requests, count: 300, perSecond: perSecond,
			answer: func(i int, head []byte) {
				if want := "path=" + string(rune('a'+i%3)); cookieIn(head, "path") != want {
					t.Errorf("the answer to request %d has the cookie %q; want %q", i, cookieIn(head, "path"), want)
				}
				told[cookieIn(head, "path")]++
			},
		}.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		seen := shop.since()
		for _, what := range []string{"GET /a", "POST /b", "GET /c"} {
			if seen[what] != 100 {
				t.Errorf("at %v a second: %s came %d times; want 100", perSecond, what, seen[what])
			}
		}
		if got.requests != 300 || len(got.waits) != 300 || told["path=a"] != 100 {
			t.Errorf("at %v a second: %d requests, %d waits, %v told; want 300, 300, 100 each", perSecond, got.requests, len(got.waits), told)
		}
		if least := time.Duration(299 / 5000. * float64(time.Second)); perSecond > 0 && got.took < least {
			t.Errorf("300 requests at 5000 a second took %v; want at least %v", got.took, least)
		}
	}
}

func TestALoadEndsAtTheFirstAnswerThatIsNotGood(t *testing.T) {
	tests := []struct {
		sentence string
		handler  http.HandlerFunc
		err      error
	}{
		{"a refusal", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "the line is closed", http.StatusConflict) }, errStatus},
		{"a hang-up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, errHungUp},
	}
	for _, tt := range tests {
		server := httptest.NewServer(tt.handler)
		_, err := load{
			address: server.Listener.Addr().String(), connections: 2, requests: [][]byte{request("GET", "x.example", "/")}, count: 10,
		}.run(t.Context())
		server.Close()
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: run = %v; want %v", tt.sentence, err, tt.err)
		}
		if errors.Is(tt.err, errStatus) && !strings.Contains(err.Error(), "the line is closed") {
			t.Errorf("%s: run = %v; want the server's words in it", tt.sentence, err)
		}
	}
}
