package web

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bilten/rushgate/web/upstream"
)

// dial opens a bare connection that ends with the test.
func dial(t testing.TB, url string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	return conn
}

// drip sends a letter a second until the other side has had enough.
func drip(conn net.Conn) {
	for tick := time.NewTicker(time.Second); ; <-tick.C {
		if _, err := io.WriteString(conn, "a"); err != nil {
			tick.Stop()
			return
		}
	}
}

// lasted reads until the other side closes, and returns what it said.
func lasted(conn net.Conn) (answer string, after time.Duration) {
	begun := time.Now()
	said, _ := io.ReadAll(conn)
	return string(said), time.Since(begun)
}

func TestSlowVisitorsAreLetGo(t *testing.T) {
	t.Parallel()
	h := openHouse(t, `{"room":{"queue_all":true}}`)
	const host = " HTTP/1.1\r\nHost: tickets.example\r\nAccept: application/json\r\n"
	var all sync.WaitGroup
	for _, tt := range []struct {
		why    string
		wire   string
		status string // of the answer; empty: none is due
	}{
		{"F34 headers by the drop", "GET /buy" + host + "X: ", ""},
		{"F34 A70 a join's body by the drop", "POST /_rushgate/hamlet/join" + host + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{", "408"},
		{"F34 the same in chunks", "POST /_rushgate/hamlet/join" + host + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{", "408"},
		{"F34 a join's body that is too large", "POST /_rushgate/hamlet/join" + host + "Content-Length: 5000\r\n\r\n", "413"},
		{"F34 a body that nobody reads", "GET /_rushgate/hamlet/now" + host + "Content-Length: 1000\r\n\r\n", "200"},
		{"F34 a body for a shop that is not to be reached yet", "POST /buy/order" + host + "Content-Length: 1000\r\n\r\n", "429"},
		{"F34 a body of a request that is refused", "POST //buy" + host + "Content-Length: 1000\r\n\r\n", "400"},
		{"F34 a body that waits to be asked for", "POST /buy/order" + host + "Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n", "429"},
	} {
		conn := dial(t, h.url)
		_, _ = io.WriteString(conn, tt.wire)
		all.Go(func() { drip(conn) })
		all.Go(func() {
			answer, after := lasted(conn)
			if after > max(headerTimeout, ownBodyTimeout)+3*time.Second {
				t.Errorf("%s: the connection was held for %v", tt.why, after)
			}
			if tt.status != "" && !strings.HasPrefix(answer, "HTTP/1.1 "+tt.status) {
				t.Errorf("%s: the visitor reads %.80q; want %s", tt.why, answer, tt.status)
			}
		})
	}
	begun := time.Now()
	h.script().get("/_rushgate/hamlet/now").want(t, "everybody else meanwhile", 200)
	if took := time.Since(begun); took > time.Second {
		t.Errorf("everybody else waited %v", took)
	}
	all.Wait()
	equal(t, "what reached the shop", len(h.shop.requests()), 0)
}

// impatient is a clock by which all but two seconds of a patience are over.
func impatient(patience time.Duration) func() time.Time {
	return func() time.Time { return time.Now().Add(2*time.Second - patience) }
}

// forwarding is a gateway that only forwards, to a shop that does handle.
func forwarding(t *testing.T, now func() time.Time, http2 bool, handle http.HandlerFunc) (front *httptest.Server, outcome chan error) {
	t.Helper()
	origin := httptest.NewServer(handle)
	t.Cleanup(origin.Close)
	pool, err := upstream.New(upstream.Config{Name: "shop", Instances: []string{origin.URL}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	outcome = make(chan error, 10)
	front = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		defer func() { // an answer that broke off is a panic
			outcome <- errors.Join(err, recovered(recover()))
		}()
		paced, slow, settle := pace(w, r, now)
		if err = settle(pool.Forward(paced, slow, upstream.Exchange{Path: "/"})); err != nil {
			w.WriteHeader(http.StatusRequestTimeout)
		}
	}))
	front.Config = harden(front.Config)
	front.Config.WriteTimeout = 2 * time.Second // over our own answers alone
	front.EnableHTTP2 = http2
	if http2 {
		front.StartTLS()
	} else {
		front.Start()
	}
	t.Cleanup(front.Close)
	return front, outcome
}

func recovered(r any) error {
	if r == nil {
		return nil
	}
	return http.ErrAbortHandler
}

func TestAVisitorWhoSendsByTheDropKeepsNobodyFromTheShop(t *testing.T) {
	t.Parallel()
	front, outcome := forwarding(t, impatient(bodyPatience), false, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	conn := dial(t, front.URL)
	_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
	go drip(conn)
	answer, after := lasted(conn)
	if !strings.HasPrefix(answer, "HTTP/1.1 408") || after > 6*time.Second {
		t.Errorf("F34 A70 after %v the visitor reads %.80q; want 408 after 2 s", after, answer)
	}
	if err := <-outcome; !errors.Is(err, errBodySlow) {
		t.Errorf("F34 the exchange ended with %v; want %v", err, errBodySlow)
	}
}

func TestAVisitorWhoDoesNotReadKeepsNobodyFromTheShop(t *testing.T) {
	t.Parallel()
	chunk := make([]byte, 1<<20)
	front, outcome := forwarding(t, impatient(readerPatience), false, func(w http.ResponseWriter, _ *http.Request) {
		for range 64 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	conn := dial(t, front.URL)
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	select {
	case err := <-outcome:
		if err == nil {
			t.Error("F34 slow read: 64 MB were taken for read")
		}
	case <-time.After(10 * time.Second):
		t.Error("F34 slow read: the shop is still held after 10 s; want about 2")
	}
}

// What takes its time is not slow: neither the shop's thinking, nor a stream
// with pauses, nor an upload as fast as the shop takes it. By these clocks every
// pause is longer than all patience.
func TestPatienceIsForVisitorsNotForTheShop(t *testing.T) {
	t.Parallel()
	const pause = 2500 * time.Millisecond
	var all sync.WaitGroup
	for _, http2 := range []bool{false, true} {
		upload, uploaded := forwarding(t, impatient(bodyPatience), http2, func(w http.ResponseWriter, r *http.Request) {
			first, _ := io.CopyN(io.Discard, r.Body, 1<<20)
			time.Sleep(pause)
			rest, _ := io.Copy(io.Discard, r.Body)
			_, _ = fmt.Fprint(w, first+rest)
		})
		all.Go(func() {
			answer, err := upload.Client().Post(upload.URL, "application/octet-stream", io.LimitReader(zeros{}, 16<<20))
			if err != nil {
				t.Errorf("http2 %v: a shop that reads slowly: %v, %v", http2, err, <-uploaded)
				return
			}
			if body, _ := io.ReadAll(answer.Body); string(body) != "16777216" {
				t.Errorf("http2 %v: a shop that reads slowly read %q, %v; want 16 MB", http2, body, <-uploaded)
			}
		})
		stream, streamed := forwarding(t, impatient(readerPatience), http2, func(w http.ResponseWriter, _ *http.Request) {
			for range 2 {
				time.Sleep(pause)
				_, _ = io.WriteString(w, "tick ")
				_ = http.NewResponseController(w).Flush()
			}
		})
		all.Go(func() {
			answer, err := stream.Client().Get(stream.URL)
			if err != nil {
				t.Errorf("http2 %v: a shop that thinks: %v, %v", http2, err, <-streamed)
				return
			}
			if body, err := io.ReadAll(answer.Body); string(body) != "tick tick " || err != nil {
				t.Errorf("http2 %v: the visitor of a slow stream reads %q, %v; want two ticks", http2, body, err)
			}
		})
	}
	all.Wait()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestWaited(t *testing.T) {
	for _, tt := range []struct {
		why  string
		left time.Duration
		wait time.Duration
		n    int
		want time.Duration
	}{
		{"a fast visitor keeps all patience", bodyPatience, time.Millisecond, 32 << 10, bodyPatience},
		{"a byte a second wears it out", bodyPatience, time.Second, 1, bodyPatience - 998*time.Millisecond},
		{"500 bytes a second hold it", 5 * time.Second, time.Second, 500, 5 * time.Second},
		{"a pause is made good", 2 * time.Second, time.Second, 5000, 11 * time.Second},
		{"it does not pile up", bodyPatience, 0, 1 << 20, bodyPatience},
	} {
		if got := waited(tt.left, tt.wait, tt.n); got != tt.want {
			t.Errorf("%s: waited(%v, %v, %d) = %v; want %v", tt.why, tt.left, tt.wait, tt.n, got, tt.want)
		}
	}
}
