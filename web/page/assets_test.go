package page

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAssets(t *testing.T) {
	p := newPages(t)
	view := waitingView()
	view.Prices = somePrices()
	_, page, _ := show(t, view)
	page += drawPage(t, DrawView{})
	for name, a := range p.assets {
		path := prefix + "/assets/" + name
		if !strings.Contains(page, path) {
			t.Errorf("no page asks for %s", path)
		}
		for _, encoding := range []string{"", "br, gzip", "gzip;q=0"} {
			request := httptest.NewRequest(http.MethodGet, path, nil)
			request.Header.Set("Accept-Encoding", encoding)
			recorder := httptest.NewRecorder()
			p.ServeAsset(recorder, request)
			var body io.Reader = recorder.Body
			packed := recorder.Header().Get("Content-Encoding") == "gzip"
			if want := encoding == "br, gzip"; packed != want {
				t.Errorf("%s with Accept-Encoding %q: gzip = %t; want %t", name, encoding, packed, want)
			}
			if packed {
				unpacked, err := gzip.NewReader(body)
				if err != nil {
					t.Fatalf("unpack %s: %v", name, err)
				}
				body = unpacked
			}
			content, err := io.ReadAll(body)
			if err != nil || string(content) != string(a.plain) {
				t.Errorf("%s with Accept-Encoding %q = %d bytes, %v; want %d", name, encoding, len(content), err, len(a.plain))
			}
			if got := recorder.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
				t.Errorf("%s Cache-Control = %q; want immutable", name, got)
			}
		}
	}
	recorder := httptest.NewRecorder()
	p.ServeAsset(recorder, httptest.NewRequest(http.MethodGet, prefix+"/assets/page.000000000000.css", nil))
	if recorder.Code != http.StatusNotFound || recorder.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("an old asset = %d, %q; want 404 that nobody stores", recorder.Code, recorder.Header().Get("Cache-Control"))
	}
}
