package shop_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/admission/verify"
	"github.com/bilten/rushgate/shop"
)

// A guard in report mode refuses nobody; the page says how the visitor came in.
func TestPageSaysHowTheVisitorCameIn(t *testing.T) {
	keys, err := admission.Ephemeral("rushgate")
	if err != nil {
		t.Fatal(err)
	}
	public, err := admission.ParseJWKS(keys.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	now := newClock().now
	guard, err := verify.New(verify.Options{
		Issuer: "rushgate", Organization: "quay", Event: "harbour-lights", Keys: public,
		Mode: verify.Report, Logger: slog.New(slog.DiscardHandler), Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	token := func(number int64) string {
		signed, err := keys.Sign(admission.Admission{
			Event: "harbour-lights", Organization: "quay", Visitor: admission.Visitor{1}, Line: "general", Number: number,
			Generation: 0xfeed, Session: 17, IssuedAt: now().UnixMilli(), Ends: now().Add(time.Minute).UnixMilli(),
		})
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	tests := []struct {
		name      string
		admission string
		want      string
	}{
		{"called from the line", token(1234), "admitted you as number 1234"},
		{"straight in", token(0), "nobody was waiting"},
		{"round the gateway", "", "no good admission (missing)"},
		{"with a forgery", token(1) + "x", "no good admission"},
	}
	server := start(t, shop.Options{Guard: guard.Handler, Now: now})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := pageWith(t, server, test.admission); !strings.Contains(got, test.want) {
				t.Errorf("the page lacks %q:\n%s", test.want, got)
			}
		})
	}
}

func pageWith(t *testing.T, server *httptest.Server, token string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+shop.EventPath+"/buy", nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set(verify.Header, token)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
