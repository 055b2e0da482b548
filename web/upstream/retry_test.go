package upstream

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// hangsUp is an instance that reads whole requests and breaks off without an
// answer: nobody knows what it has done.
func hangsUp(t *testing.T) (address string, seen func() string) {
	var mu sync.Mutex
	var got []string
	address = serveConns(t, func(conn net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Method+string(body))
	})
	return address, func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(got, " ")
	}
}

func TestWhatMayBeSentAgain(t *testing.T) {
	long := strings.Repeat("x", keptBody+1)
	for _, tt := range []struct {
		says   string
		method string
		body   string
		header http.Header
		status int
		got    string // by the instance that is well
	}{
		{"a GET", http.MethodGet, "", nil, 200, "GET"},
		{"a HEAD", http.MethodHead, "", nil, 200, "HEAD"},
		{"not an order: it may have been taken", http.MethodPost, "seat", nil, 502, ""},
		{"not an order without a body", http.MethodPost, "", nil, 502, ""},
		{"not a DELETE: shops differ", http.MethodDelete, "", nil, 502, ""},
		{"an order that the shop would know again, with its body", http.MethodPost, "seat", http.Header{"Idempotency-Key": {"k"}}, 200, "POSTseat"},
		{"not one whose body was not kept", http.MethodPost, long, http.Header{"Idempotency-Key": {"k"}}, 502, ""},
	} {
		ill, seen := hangsUp(t)
		var got string
		well := newShop(t, func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = r.Method + string(body)
		})
		p := newPool(t, Config{Instances: []string{well.URL, "http://" + ill}}) // the second has the first turn
		gateway := newGateway(t, p, Exchange{})
		var body io.Reader
		if tt.body != "" {
			body = strings.NewReader(tt.body)
		}
		r := request(t, tt.method, gateway.URL, body)
		r.Header = tt.header
		answer, _ := ask(t, r, gateway)
		if answer.StatusCode != tt.status || got != tt.got {
			t.Errorf("%s: %d, the other instance got %.20q; want %d and %q", tt.says, answer.StatusCode, got, tt.status, tt.got)
		}
		if n := strings.Count(seen(), tt.method); n != 1 {
			t.Errorf("%s: the instance that broke off saw it %d times; want once", tt.says, n)
		}
	}
}

func TestAnAnswerIsNeverAskedForAgain(t *testing.T) {
	asked := 0
	shop := newShop(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		http.Error(w, "no", http.StatusServiceUnavailable)
	})
	p := newPool(t, Config{Instances: []string{shop.URL, "http://" + deadAddress(t)}})
	gateway := newGateway(t, p, Exchange{})
	if answer, body := ask(t, request(t, http.MethodGet, gateway.URL, nil), gateway); answer.StatusCode != 503 || body != "no\n" || asked != 1 {
		t.Errorf("%d %q, asked %d times; want the shop's own 503, asked for once", answer.StatusCode, body, asked)
	}
}

func TestRetriesHaveABudget(t *testing.T) {
	well := newShop(t, func(http.ResponseWriter, *http.Request) {})
	p := newPool(t, Config{
		Instances: []string{well.URL, "http://" + deadAddress(t)},
		Balance:   Balance{Retries: 0.1, Ejection: Ejection{InARow: -1}},
	})
	p.budget.saved.Store(0)
	gateway := newGateway(t, p, Exchange{})
	answers := map[int]int{}
	for range 40 {
		answer, _ := ask(t, request(t, http.MethodGet, gateway.URL, nil), gateway)
		answers[answer.StatusCode]++
	}
	// 40 requests earn four retries; every second one needs one.
	if answers[200] < 22 || answers[200] > 26 || answers[200]+answers[503] != 40 {
		t.Errorf("%v; want about 24 of 40 answered: half of them at once and a tenth by a retry", answers)
	}
}

func TestEveryInstanceThatCannotBeReachedIsPassedOver(t *testing.T) {
	well := newShop(t, func(http.ResponseWriter, *http.Request) {})
	addresses := []string{well.URL}
	for range maxAttempts - 1 {
		addresses = append(addresses, "http://"+deadAddress(t))
	}
	p := newPool(t, Config{Instances: addresses})
	gateway := newGateway(t, p, Exchange{})
	if answer, body := ask(t, request(t, http.MethodPost, gateway.URL, strings.NewReader("seat")), gateway); answer.StatusCode != 200 {
		t.Errorf("%d %s; want the one that can be reached", answer.StatusCode, body)
	}
}
