package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestFailuresHaveNames(t *testing.T) {
	release := make(chan struct{})
	hanging := newShop(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) }) // before the shop closes
	for _, tt := range []struct {
		why    string
		config Config
		status int
		reason Reason
	}{
		{"nobody listens", Config{Instances: []string{"http://" + deadAddress(t)}}, 503, Unreachable},
		{"nobody listens anywhere", Config{Instances: []string{"http://" + deadAddress(t), "http://" + deadAddress(t)}}, 503, Unreachable},
		{"no answer in time", Config{Instances: []string{hanging.URL}, Limits: Limits{AnswerTimeout: 30 * time.Millisecond}}, 504, Timeout},
		{"not HTTP", Config{Instances: []string{"http://" + rawShop(t, "220 smtp.example ESMTP\r\n")}}, 502, Broken},
		{"hung up at once", Config{Instances: []string{"http://" + rawShop(t, "")}}, 502, Broken},
		{"switched protocols unasked", Config{Instances: []string{"http://" + rawShop(t, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n")}}, 502, Broken},
		{"headers without end", Config{Instances: []string{"http://" + rawShop(t, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("a", 2*maxAnswerHeader))}}, 502, Broken},
		{"TLS where there is none", Config{Instances: []string{strings.Replace(hanging.URL, "http:", "https:", 1)}}, 502, Broken},
	} {
		gateway := newGateway(t, newPool(t, tt.config), Exchange{})
		answer, body := ask(t, request(t, http.MethodGet, gateway.URL+"/", nil), gateway)
		if answer.StatusCode != tt.status || strings.TrimSpace(body) != string(tt.reason) {
			t.Errorf("%s: %d %q; want %d %q", tt.why, answer.StatusCode, body, tt.status, tt.reason)
		}
	}
}

func TestAFullPoolIsBusy(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{}, 2)
	shop := newShop(t, func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	})
	p := newPool(t, Config{Instances: []string{shop.URL}, Limits: Limits{MaxInFlight: 1}})
	gateway := newGateway(t, p, Exchange{})

	first := make(chan int, 1)
	go func() {
		answer, err := gateway.Client().Get(gateway.URL)
		if err != nil {
			first <- 0
			return
		}
		answer.Body.Close()
		first <- answer.StatusCode
	}()
	<-arrived
	if n := p.InFlight(); n != 1 {
		t.Errorf("InFlight = %d; want 1", n)
	}
	if answer, body := ask(t, request(t, http.MethodGet, gateway.URL, nil), gateway); answer.StatusCode != 503 || strings.TrimSpace(body) != string(Busy) {
		t.Errorf("the second request: %d %q; want 503 %q", answer.StatusCode, body, Busy)
	}
	close(release)
	if status := <-first; status != http.StatusOK {
		t.Errorf("the first request: %d; want 200", status)
	}
	eventually(t, "the slot is free again", func() bool { return p.InFlight() == 0 })
}

// A44: half a request.
func TestABodyThatBreaksOffIsTheVisitorsFault(t *testing.T) {
	shop := newShop(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	p := newPool(t, Config{Instances: []string{shop.URL}})
	for _, tt := range []struct {
		why    string
		body   io.ReadCloser
		status int
	}{
		{"breaks off", io.NopCloser(failing{io.ErrUnexpectedEOF}), 400},
		{"beyond the caller's bound", http.MaxBytesReader(nil, io.NopCloser(strings.NewReader(strings.Repeat("a", 100))), 10), 413},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", tt.body)
		err := p.Forward(httptest.NewRecorder(), r, Exchange{Path: "/"})
		var failure *Error
		if !errors.As(err, &failure) || failure.Reason != BadRequest || failure.Status() != tt.status {
			t.Errorf("%s: Forward = %v; want %s with %d", tt.why, err, BadRequest, tt.status)
		}
		if r.Body != tt.body {
			t.Errorf("%s: Forward changed the caller's request", tt.why)
		}
	}
}

func TestTheInstanceHearsThatTheVisitorLeft(t *testing.T) {
	arrived, left := make(chan struct{}), make(chan struct{})
	shop := newShop(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(left)
	})
	p := newPool(t, Config{Instances: []string{shop.URL}})
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-arrived
		leave()
	}()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	err := p.Forward(httptest.NewRecorder(), r, Exchange{Path: "/"})
	var failure *Error
	if !errors.As(err, &failure) || failure.Reason != VisitorGone {
		t.Errorf("Forward = %v; want %s", err, VisitorGone)
	}
	select {
	case <-left:
	case <-time.After(5 * time.Second):
		t.Error("the instance goes on working for nobody")
	}
}

// A71: what names addresses is for the log.
func TestErrorsKeepAddressesOutOfTheirPublicHalf(t *testing.T) {
	address := deadAddress(t)
	p := newPool(t, Config{Instances: []string{"http://" + address}})
	err := p.Forward(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), Exchange{Path: "/"})
	var failure *Error
	if !errors.As(err, &failure) || strings.Contains(string(failure.Reason), address) {
		t.Fatalf("Forward = %v; want an Error with a bare reason", err)
	}
	var opErr *net.OpError
	if !strings.Contains(err.Error(), address) || !errors.As(err, &opErr) {
		t.Errorf("Error() = %q; want the cause with the address, for the log", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
