package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/bilten/rushgate/web/ops"
)

// gatewayForTest has a visitors' door that answers when told to, and an ops door.
type gatewayForTest struct {
	life     *life
	signals  chan os.Signal
	done     chan error
	arrived  chan struct{}
	answer   chan struct{}
	sequence chan string
}

func openForTest(t *testing.T, times Shutdown) *gatewayForTest {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	g := &gatewayForTest{
		signals: make(chan os.Signal, 2), done: make(chan error, 1),
		arrived: make(chan struct{}, 1), answer: make(chan struct{}), sequence: make(chan string, 10),
	}
	draining := &ops.Draining{}
	visitors := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.arrived <- struct{}{}
		select {
		case <-g.answer:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, "in")
	})
	readiness := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if draining.Probe(r.Context()) != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	g.life = &life{draining: draining, times: times, log: log}
	for _, one := range []struct {
		name    string
		handler http.Handler
	}{{"gateway", visitors}, {"ops", readiness}} {
		d, err := openDoor(one.name, "127.0.0.1:0", nil, insideServer(one.handler), log)
		if err != nil {
			t.Fatal(err)
		}
		g.life.doors = append(g.life.doors, d)
	}
	g.life.loops = append(g.life.loops, func(ctx context.Context) { <-ctx.Done(); g.sequence <- "loop" })
	for _, name := range []string{"first", "second"} {
		g.life.closers = append(g.life.closers, func() error { g.sequence <- name; return nil })
	}
	go func() { g.done <- g.life.run(t.Context(), g.signals) }()
	return g
}

func (g *gatewayForTest) visit(t *testing.T) chan string {
	t.Helper()
	got := make(chan string, 1)
	go func() {
		response, err := http.Get(g.life.doors[0].url()) //nolint:noctx // ends with its server
		if err != nil {
			got <- err.Error()
			return
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		got <- string(body)
	}()
	<-g.arrived
	return got
}

func (g *gatewayForTest) ready() bool {
	response, err := http.Get(g.life.doors[1].url()) //nolint:noctx // ends with its server
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func TestVisitorsLeaveBeforeWhatServesThem(t *testing.T) {
	t.Parallel()
	g := openForTest(t, Shutdown{Timeout: 10 * time.Second})
	got := g.visit(t)
	g.signals <- syscall.SIGTERM
	eventually(t, "the gateway is not ready", func() bool { return !g.ready() })
	select {
	case err := <-g.done:
		t.Fatalf("ended with %v while a visitor was inside", err)
	default:
	}
	close(g.answer)
	if body := <-got; body != "in" {
		t.Errorf("the visitor in flight got %q; want the whole answer", body)
	}
	if err := <-g.done; err != nil {
		t.Errorf("run = %v; want nil", err)
	}
	close(g.sequence)
	if order := slices.Collect(received(g.sequence)); !slices.Equal(order, []string{"loop", "second", "first"}) {
		t.Errorf("closed in the order %v; want loops, then the last made first", order)
	}
}

func TestTheBalancerHasTimeToNotice(t *testing.T) {
	t.Parallel()
	g := openForTest(t, Shutdown{DrainDelay: time.Hour, Timeout: time.Second})
	g.signals <- syscall.SIGTERM
	eventually(t, "the gateway is not ready", func() bool { return !g.ready() })
	got := g.visit(t) // not ready, but whoever comes is served
	g.answer <- struct{}{}
	if body := <-got; body != "in" {
		t.Errorf("a visitor before the balancer noticed got %q; want to be served", body)
	}
	g.signals <- syscall.SIGTERM
	if err := <-g.done; !errors.Is(err, errForced) {
		t.Errorf("run after a second signal = %v; want %v at once", err, errForced)
	}
}

func TestAVisitorWhoHangsIsCutOff(t *testing.T) {
	t.Parallel()
	g := openForTest(t, Shutdown{Timeout: 10 * time.Millisecond})
	got := g.visit(t)
	g.signals <- syscall.SIGTERM
	if err := <-g.done; err != nil {
		t.Errorf("run = %v; want nil", err)
	}
	<-got
}

func TestATakenAddressStopsTheStart(t *testing.T) {
	t.Parallel()
	config := defaults()
	for _, listener := range []*Listener{&config.Listeners.Gateway, &config.Listeners.API, &config.Listeners.Ops} {
		listener.Address = "127.0.0.1:0"
	}
	announced := 0
	built := &assembly{
		visitors: insideServer(http.NotFoundHandler()), organizers: http.NotFoundHandler(), operators: http.NotFoundHandler(),
		announce: func(context.Context) error { announced++; return nil },
	}
	first, err := open(t.Context(), config, built, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, d := range first.doors {
			_ = d.listener.Close()
		}
	}()
	config.Listeners.Ops.Address = first.doors[2].listener.Addr().String()
	if _, err := open(t.Context(), config, built, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("open on a taken address = nil; want an error")
	}
	if announced != 1 {
		t.Errorf("announced %d times; want once: a start that fails changes nothing", announced)
	}
}

func TestACertificateIsFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writePair(t, cert, key, 1)
	log := slog.New(slog.DiscardHandler)
	pair, err := openCertificate(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		served, err := pair.config().GetCertificate(&tls.ClientHelloInfo{})
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(served.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return parsed.SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Errorf("serial = %d; want 1", got)
	}
	writePair(t, cert, key, 2)
	pair.reload(log)
	if got := serial(); got != 2 {
		t.Errorf("serial after a renewal = %d; want 2", got)
	}
	if err := os.WriteFile(cert, []byte("half a cert"), 0o600); err != nil {
		t.Fatal(err)
	}
	pair.reload(log)
	if got := serial(); got != 2 {
		t.Errorf("serial after a broken renewal = %d; want the old one, 2", got)
	}
}

func writePair(t *testing.T, cert, key string, serial int64) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []struct {
		path, kind string
		der        []byte
	}{{cert, "CERTIFICATE", der}, {key, "PRIVATE KEY", pkcs8}} {
		if err := os.WriteFile(file.path, pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after 10 s still not: %s", what)
		}
	}
}

func received[T any](channel <-chan T) func(func(T) bool) {
	return func(yield func(T) bool) {
		for value := range channel {
			if !yield(value) {
				return
			}
		}
	}
}
