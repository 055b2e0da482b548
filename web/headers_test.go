package web

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCleanRequest(t *testing.T) {
	for _, tt := range []struct {
		why     string
		trusted bool
		in      http.Header
		want    http.Header
	}{
		{"the shop's business passes", false,
			http.Header{"Authorization": {"Bearer x"}, "X-Csrf-Token": {"t"}, "Referer": {"r"}, "X-Http-Method-Override": {"PUT"}, "Range": {"bytes=0-1"}, "If-None-Match": {`"a"`}},
			http.Header{"Authorization": {"Bearer x"}, "X-Csrf-Token": {"t"}, "Referer": {"r"}, "X-Http-Method-Override": {"PUT"}, "Range": {"bytes=0-1"}, "If-None-Match": {`"a"`}}},
		{"A31 our headers don't, however spelled", false,
			http.Header{"Rushgate-Admission": {"x"}, "Rushgate_admission": {"x"}, "Rushgate.Admission": {"x"}, "rushgate-admission": {"x"}, "RUSHGATE_COMMAND": {"x"}, "X-Rushgate-Visitor": {"x"}, "X_rushgate_visitor": {"x"}, "Rush-Gate-Admission": {"x"}},
			http.Header{}},
		{"A30 nor headers that name another path or host", false,
			http.Header{"X-Original-Url": {"/buy"}, "X_original_url": {"/buy"}, "X-Rewrite-Url": {"/buy"}, "X-Forwarded-Uri": {"/buy"}, "X-Forwarded-Prefix": {"/"}, "X-Forwarded-Method": {"GET"}, "X_forwarded_host": {"h"}, "Forwarded": {"host=h"}, "X-Host": {"h"}, "Proxy": {"h"}, "X-Http-Host-Override": {"h"}},
			http.Header{}},
		{"A27 a stranger doesn't say who the visitor is", false,
			http.Header{"X-Real-Ip": {"1.1.1.1"}, "Cf-Connecting-Ip": {"1.1.1.1"}, "True-Client-Ip": {"1.1.1.1"}, "X-Client-Ip": {"1.1.1.1"}, "Client-Ip": {"1.1.1.1"}, "X-Cluster-Client-Ip": {"1.1.1.1"}, "X_remote_addr": {"1.1.1.1"}, "Cf-Connecting-Ipv6": {"::1"}, "X-Original-Forwarded-For": {"1.1.1.1"}, "X-Envoy-External-Address": {"1.1.1.1"}, "Fastly-Client-Ip": {"1.1.1.1"}},
			http.Header{}},
		{"a trusted proxy does", true,
			http.Header{"X-Real-Ip": {"1.1.1.1"}, "X-Forwarded-For": {"1.1.1.1"}},
			http.Header{"X-Real-Ip": {"1.1.1.1"}}},
		{"names that only begin alike are the shop's", false,
			http.Header{"Rush": {"x"}, "X-Real": {"x"}, "X-Realip-Country": {"x"}, "X-Forward": {"x"}, "Content-Type": {"t"}, "Proxy-Status": {"x"}, "Cf-Connecting-Ipv6-Zone-Of-The-World": {"x"}},
			http.Header{"Rush": {"x"}, "X-Real": {"x"}, "X-Realip-Country": {"x"}, "X-Forward": {"x"}, "Content-Type": {"t"}, "Proxy-Status": {"x"}, "Cf-Connecting-Ipv6-Zone-Of-The-World": {"x"}}},
	} {
		got := tt.in.Clone()
		cleanRequest(got, tt.trusted)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: cleanRequest (-want +got)\n%s", tt.why, diff)
		}
	}
}

func TestCutOurCookies(t *testing.T) {
	for _, tt := range []struct {
		why  string
		in   []string
		want []string
	}{
		{"no cookies", nil, nil},
		{"the shop's own, byte for byte", []string{`a=1;b="x y" ;  c`}, []string{`a=1;b="x y" ;  c`}},
		{"ours alone", []string{"__Host-rg_visitor=v; __Host-rg_pass_evt=p"}, nil},
		{"ours first", []string{"rg_visitor=v; a=1; b=2"}, []string{"a=1; b=2"}},
		{"ours in the middle", []string{"a=1; __Secure-rg_x=v;b=2"}, []string{"a=1;b=2"}},
		{"ours last", []string{"a=1; b=2; __Host-rg_admission_evt=j"}, []string{"a=1; b=2"}},
		{"ours without a value", []string{"a=1; rg_visitor"}, []string{"a=1"}},
		{"ours with spaces", []string{"a=1;\trg_visitor = v ; b=2"}, []string{"a=1; b=2"}},
		{"a name that only holds ours is the shop's", []string{"my_rg_x=1; org_id=2; v=rg_3"}, []string{"my_rg_x=1; org_id=2; v=rg_3"}},
		{"two lines", []string{"rg_visitor=v", "a=1"}, []string{"a=1"}},
	} {
		h := http.Header{}
		if tt.in != nil {
			h["Cookie"] = append([]string(nil), tt.in...)
		}
		cutOurCookies(h)
		if diff := cmp.Diff(tt.want, h["Cookie"]); diff != "" {
			t.Errorf("%s: cutOurCookies(%q) (-want +got)\n%s", tt.why, tt.in, diff)
		}
	}
}

func TestHearOrigin(t *testing.T) {
	for _, tt := range []struct {
		why  string
		in   http.Header
		want originWord
		left http.Header
	}{
		{"nothing said", http.Header{"Etag": {`"a"`}}, originWord{}, http.Header{"Etag": {`"a"`}}},
		{"complete", http.Header{"Rushgate-Command": {"complete"}}, originWord{originComplete, nil}, http.Header{}},
		{"case and spaces don't count", http.Header{"Rushgate-Command": {" Extend "}}, originWord{originExtend, nil}, http.Header{}},
		{"the other market's revoke", http.Header{"Cf-Waiting-Room-Command": {"revoke"}}, originWord{originRevoke, nil}, http.Header{}},
		{"which knows no other word", http.Header{"Cf-Waiting-Room-Command": {"complete"}}, originWord{originNone, nil}, http.Header{}},
		{"what ends most counts", http.Header{"Rushgate-Command": {"extend", "complete"}, "Cf-Waiting-Room-Command": {"revoke"}}, originWord{originRevoke, nil}, http.Header{}},
		{"an unknown command is none", http.Header{"Rushgate-Command": {"explode"}}, originWord{originNone, nil}, http.Header{}},
		{"stock, as it came", http.Header{"Rushgate-Inventory": {"floor=3", "many"}}, originWord{originNone, []string{"floor=3", "many"}}, http.Header{}},
		{"A31 nothing by our name reaches a visitor", http.Header{"Rushgate-State": {"waiting"}, "Rushgate-Admission": {"jwt"}}, originWord{originNone, nil}, http.Header{}},
		{"A18 nor a cookie by our name", http.Header{"Set-Cookie": {"a=1; Path=/", "rg_visitor=x; Domain=shop.example", "__Host-rg_pass_evt=x", " =rg_visitor=x"}},
			originWord{originNone, nil}, http.Header{"Set-Cookie": {"a=1; Path=/"}}},
	} {
		got := hearOrigin(tt.in)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: hearOrigin (-want +got)\n%s", tt.why, diff)
		}
		if diff := cmp.Diff(tt.left, tt.in); diff != "" {
			t.Errorf("%s: hearOrigin leaves (-want +got)\n%s", tt.why, diff)
		}
	}
}

func TestMakePrivate(t *testing.T) {
	for _, tt := range []struct {
		why  string
		in   []string
		want string
	}{
		{"nothing said: shared caches may guess", nil, "private"},
		{"public", []string{"public, max-age=60"}, "max-age=60, private"},
		{"for shared caches alone", []string{"max-age=5, S-MaxAge=600, proxy-revalidate"}, "max-age=5, private"},
		{"private already", []string{"private"}, "private"},
		{"private with more", []string{"private, max-age=60"}, "max-age=60, private"},
		{"private for one field is not private", []string{`private="set-cookie", max-age=60`}, "max-age=60, private"},
		{"commas inside of quotes", []string{`no-cache="a, public", public`}, `no-cache="a, public", private`},
		{"no-store", []string{"no-store"}, "no-store"},
		{"no-store needs no private", []string{"public, no-store, max-age=0"}, "no-store, max-age=0"},
		{"two lines", []string{"public", "max-age=60"}, "max-age=60, private"},
		{"immutable assets stay so for the browser", []string{"public, max-age=31536000, immutable"}, "max-age=31536000, immutable, private"},
		{"an open quote", []string{`public, x="\`}, `x="\, private`},
	} {
		h := http.Header{"Surrogate-Control": {"max-age=60"}, "Cdn-Cache-Control": {"max-age=60"}, "X-Accel-Expires": {"60"}}
		if tt.in != nil {
			h["Cache-Control"] = tt.in
		}
		makePrivate(h)
		if diff := cmp.Diff(http.Header{"Cache-Control": {tt.want}}, h); diff != "" {
			t.Errorf("%s: makePrivate(%q) (-want +got)\n%s", tt.why, tt.in, diff)
		}
	}
}

func BenchmarkCleanRequest(b *testing.B) {
	sent := http.Header{
		"Accept": {"text/html"}, "Accept-Encoding": {"gzip"}, "Accept-Language": {"en"}, "Cache-Control": {"no-cache"},
		"Cookie":     {"session=abcdef; __Host-rg_visitor=0123456789; theme=dark"},
		"Referer":    {"https://shop.example/"},
		"User-Agent": {"Mozilla/5.0"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Mode": {"navigate"}, "X-Forwarded-For": {"1.1.1.1"},
	}
	b.ReportAllocs()
	for b.Loop() {
		cleanRequest(sent.Clone(), false) // the clone is made by the proxy anyway
	}
}
