package upstream

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"syscall"
	"testing"
	"time"
)

// BenchmarkForward sets a Pool beside the leanest ReverseProxy with the same
// transport: what the pool adds must stay within a tenth. Both run without a
// server in front, so the difference shows.
func BenchmarkForward(b *testing.B) {
	shop := newShop(b, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	target, err := url.Parse(shop.URL)
	if err != nil {
		b.Fatal(err)
	}
	p := newPool(b, Config{Instances: []string{shop.URL}})
	bare := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
		},
		Transport:  p.transport,
		BufferPool: buffers{},
	}
	r := httptest.NewRequest(http.MethodGet, "/events/42/buy?seat=A1", nil)
	r.Header = http.Header{"Accept": {"text/html"}, "User-Agent": {"visitor"}, "Cookie": {"session=abc"}}

	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				bare.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	})
	b.Run("pool", func(b *testing.B) {
		b.ReportAllocs()
		x := Exchange{
			Path: "/events/42/buy", Host: "shop.example", Proto: "https", For: "203.0.113.7",
			Request: func(h http.Header) { h["Rushgate-Admission"] = []string{"jwt"} },
			Answer:  func(*http.Response) error { return nil },
		}
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := p.Forward(httptest.NewRecorder(), r, x); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

// BenchmarkInstances sets a pool of three instances beside a pool of one, in
// processor time: what the choice costs must stay within a twentieth.
func BenchmarkInstances(b *testing.B) {
	f := newFleet(b, 3)
	r := httptest.NewRequest(http.MethodGet, "/events/42/buy?seat=A1", nil)
	for _, n := range []int{1, 3} {
		for _, algorithm := range []Algorithm{RoundRobin, LeastConnections} {
			p := newPool(b, Config{Instances: f.addresses()[:n], Balance: Balance{Algorithm: algorithm}, Limits: Limits{IdleTimeout: time.Minute}})
			b.Run(fmt.Sprintf("%s/%d", algorithm, n), func(b *testing.B) {
				before := processorTime(b)
				for b.Loop() {
					if err := p.Forward(httptest.NewRecorder(), r, Exchange{Path: "/buy"}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

func processorTime(b *testing.B) int64 {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
}
