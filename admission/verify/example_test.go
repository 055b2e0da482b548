package verify_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/bilten/rushgate/admission"
	"github.com/bilten/rushgate/admission/verify"
)

// A shop charges the price that the visitor was shown, and serves nobody who
// went round the gateway.
func Example() {
	keys, _ := admission.Ephemeral("https://tickets.example")
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(keys.JWKS())
	}))
	defer gateway.Close()

	guard, err := verify.New(verify.Options{
		Issuer: "https://tickets.example", Organization: "acme", Event: "summer-tour",
		JWKS: gateway.URL + "/.well-known/jwks.json",
	})
	if err != nil {
		panic(err)
	}
	shop := httptest.NewServer(guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, _ := verify.From(r.Context())
		_, _ = fmt.Fprintf(w, "seated: %d cents", a.Prices["seated"])
	})))
	defer shop.Close()

	now := time.Now()
	token, _ := keys.Sign(admission.Admission{
		Event: "summer-tour", Organization: "acme",
		Generation: 0xfeed, Session: 17, IssuedAt: now.UnixMilli(), Ends: now.Add(5 * time.Minute).UnixMilli(),
		Prices: map[string]int64{"seated": 12900},
	})
	for _, header := range []string{token, "made up"} {
		request, _ := http.NewRequest(http.MethodGet, shop.URL, nil)
		request.Header.Set(verify.Header, header)
		answer, err := shop.Client().Do(request)
		if err != nil {
			panic(err)
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			fmt.Println(string(body))
		} else {
			fmt.Println(answer.StatusCode)
		}
	}
	// Output:
	// seated: 12900 cents
	// 403
}
