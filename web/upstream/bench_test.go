package upstream

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
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
