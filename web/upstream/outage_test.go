package upstream

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fleet is a shop of several instances, which remembers what it carried out.
type fleet struct {
	servers []*httptest.Server
	served  []*atomic.Int64
	mood    []atomic.Pointer[http.HandlerFunc] // nil: well

	mu     sync.Mutex
	orders map[string]int // how often each was carried out
}

func newFleet(t testing.TB, n int) *fleet {
	f := &fleet{orders: map[string]int{}, mood: make([]atomic.Pointer[http.HandlerFunc], n)}
	for i := range n {
		count := &atomic.Int64{}
		f.served = append(f.served, count)
		f.servers = append(f.servers, newShop(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/health" {
				count.Add(1)
			}
			if mood := f.mood[i].Load(); mood != nil {
				(*mood)(w, r)
				return
			}
			f.serve(w, r)
		}))
	}
	return f
}

func (f *fleet) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if r.Method == http.MethodPost {
		f.mu.Lock()
		f.orders[string(body)]++
		f.mu.Unlock()
	}
	_, _ = io.WriteString(w, "ok")
}

func (f *fleet) feels(i int, mood http.HandlerFunc) { f.mood[i].Store(&mood) }

func (f *fleet) addresses() (all []string) {
	for _, s := range f.servers {
		all = append(all, s.URL)
	}
	return all
}

// kill ends an instance as SIGKILL does: connections break, new ones are refused.
func (f *fleet) kill(i int) {
	_ = f.servers[i].Listener.Close()
	f.servers[i].CloseClientConnections()
}

func run(t testing.TB, p *Pool) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-done })
}

// crowd sends requests from several visitors at once, every third an order, and
// counts the answers by method and status.
func crowd(t *testing.T, gateway *httptest.Server, visitors, each int, halfway func()) map[string]int {
	t.Helper()
	gateway.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = visitors
	var (
		all     sync.WaitGroup
		mu      sync.Mutex
		answers = map[string]int{}
		half    sync.WaitGroup
	)
	half.Add(visitors)
	for v := range visitors {
		all.Go(func() {
			for i := range each {
				if i == each/2 {
					half.Done()
				}
				method, body := http.MethodGet, io.Reader(nil)
				if i%3 == 0 {
					method, body = http.MethodPost, strings.NewReader(fmt.Sprintf("order %d of %d", i, v))
				}
				request, err := http.NewRequestWithContext(t.Context(), method, gateway.URL+"/buy", body)
				if err != nil {
					t.Error(err)
					return
				}
				answer, err := gateway.Client().Do(request)
				status := "broken"
				if err == nil {
					_, _ = io.Copy(io.Discard, answer.Body)
					answer.Body.Close()
					status = fmt.Sprint(answer.StatusCode)
				}
				mu.Lock()
				answers[method+" "+status]++
				mu.Unlock()
			}
		})
	}
	half.Wait()
	halfway()
	all.Wait()
	return answers
}

func TestAnInstanceKilledUnderLoadLosesNothingThatCouldBeSaved(t *testing.T) {
	for _, algorithm := range []Algorithm{RoundRobin, LeastConnections, Weighted} {
		const visitors, each = 8, 60
		f := newFleet(t, 3)
		p := newPool(t, Config{Instances: f.addresses(), Balance: Balance{Algorithm: algorithm}})
		gateway := newGateway(t, p, Exchange{})
		answers := crowd(t, gateway, visitors, each, func() { f.kill(0) })

		if answers["GET 200"] != visitors*each*2/3 {
			t.Errorf("%s: %v; want every GET answered", algorithm, answers)
		}
		// An order that had reached the instance may have been taken: it can't be sent
		// again. Each visitor has one under way at most.
		if lost := visitors*each/3 - answers["POST 200"]; lost > visitors {
			t.Errorf("%s: %d orders lost, %v; want those under way at most, %d", algorithm, lost, answers, visitors)
		}
		for order, n := range f.orders {
			if n > 1 {
				t.Errorf("%s: %s was carried out %d times", algorithm, order, n)
			}
		}
	}
}

func TestAnInstanceDrainedUnderLoadLosesNothing(t *testing.T) {
	const visitors, each = 8, 60
	f := newFleet(t, 3)
	p := newPool(t, Config{Instances: f.addresses(), Balance: Balance{Algorithm: LeastConnections}})
	gateway := newGateway(t, p, Exchange{})

	arrived, finish := make(chan struct{}), make(chan struct{})
	f.feels(0, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(arrived)
			<-finish
		}
		f.serve(w, r)
	})
	f.feels(1, func(w http.ResponseWriter, r *http.Request) { f.serve(w, r) })
	slow := make(chan string, 1)
	p.roll.hear(0, Told{Instances: []Found{{Address: f.servers[0].URL}}})
	go func() {
		answer, err := gateway.Client().Get(gateway.URL + "/slow")
		if err != nil {
			slow <- err.Error()
			return
		}
		defer answer.Body.Close()
		slow <- answer.Status
	}()
	<-arrived
	named := Told{}
	for _, address := range f.addresses() {
		named.Instances = append(named.Instances, Found{Address: address})
	}
	p.roll.hear(0, named)

	var before int64
	answers := crowd(t, gateway, visitors, each, func() {
		named.Drained = []string{strings.TrimPrefix(f.servers[0].URL, "http://")}
		p.roll.hear(0, named)
		eventually(t, "only the slow request is left on the drained instance", func() bool { return p.Instances()[0].Load == 1 })
		before = f.served[0].Load()
	})
	if diff := cmp.Diff(map[string]int{"GET 200": visitors * each * 2 / 3, "POST 200": visitors * each / 3}, answers); diff != "" {
		t.Errorf("answers (-want +got)\n%s", diff)
	}
	if after := f.served[0].Load(); after != before || before < 2 {
		t.Errorf("the drained instance served %d before and %d after; want some, and no new ones", before, after)
	}
	close(finish)
	if status := <-slow; status != "200 OK" {
		t.Errorf("the request that was under way: %s; want it ended well", status)
	}
	eventually(t, "the instance is drained", func() bool { return p.Instances()[0].State == Drained })
}

func TestAnInstanceThatHangsIsLeftAlone(t *testing.T) {
	f := newFleet(t, 3)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	f.feels(0, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	p := newPool(t, Config{Instances: f.addresses(), Limits: Limits{AnswerTimeout: 300 * time.Millisecond}, Balance: Balance{Algorithm: LeastConnections, Ejection: Ejection{Time: time.Hour, Longest: time.Hour}}})
	gateway := newGateway(t, p, Exchange{})
	crowd(t, gateway, 8, 60, func() {
		eventually(t, "five timeouts eject it", func() bool { return p.Instances()[0].State == Ejected })
	})
	if n := f.served[0].Load(); n > 20 {
		t.Errorf("the instance that hangs got %d of 480 requests; want a few", n)
	}
	if got := crowd(t, gateway, 4, 30, func() {}); got["GET 200"] != 80 || got["POST 200"] != 40 {
		t.Errorf("once it is ejected: %v; want every request answered", got)
	}
}

func TestAnInstanceThatAnswersHalfWithErrorsIsEjected(t *testing.T) {
	f := newFleet(t, 3)
	var n atomic.Int64
	f.feels(0, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%2 == 0 {
			http.Error(w, "no", http.StatusInternalServerError)
			return
		}
		f.serve(w, r)
	})
	p := newPool(t, Config{Instances: f.addresses(), Balance: Balance{Ejection: Ejection{Time: time.Hour, Longest: time.Hour}}})
	gateway := newGateway(t, p, Exchange{})
	answers := crowd(t, gateway, 4, 90, func() {})
	if row := p.Instances()[0]; row.State != Ejected || row.Cause != FailureShare {
		t.Errorf("%s (%s) after %v; want it ejected for its share of failures", row.State, row.Cause, answers)
	}
	if m := p.Measure(); m.Failures != int64(answers["GET 500"]+answers["POST 500"]) || m.Failures == 0 || m.Timeouts != 0 || m.Requests != 360 || m.Ready != 2 || m.Known != 3 {
		t.Errorf("measured %+v after %v; want what the visitors saw", m, answers)
	}
	if got := crowd(t, gateway, 4, 30, func() {}); got["GET 200"] != 80 || got["POST 200"] != 40 {
		t.Errorf("once it is ejected: %v; want every request answered well", got)
	}
}

func TestAnInstanceThatFlapsIsFollowed(t *testing.T) {
	f := newFleet(t, 3)
	p := newPool(t, Config{
		Instances: f.addresses(),
		Check:     Check{Path: "/health", Interval: 10 * time.Millisecond, Retry: 5 * time.Millisecond},
	})
	run(t, p)
	gateway := newGateway(t, p, Exchange{})
	is := func(state State) func() bool { return func() bool { return p.Instances()[0].State == state } }
	for range 3 {
		eventually(t, "it is ready", is(Ready))
		f.feels(0, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) })
		eventually(t, "it is unhealthy", is(Unhealthy))
		if row := p.Instances()[0]; row.Cause != CheckStatus {
			t.Errorf("reason %s; want %s", row.Cause, CheckStatus)
		}
		before := f.served[0].Load()
		if got := crowd(t, gateway, 2, 9, func() {}); got["GET 200"] != 12 || got["POST 200"] != 6 || f.served[0].Load() != before {
			t.Errorf("while it is unhealthy: %v; want all answered by the others", got)
		}
		f.feels(0, f.serve)
	}
	f.kill(0)
	eventually(t, "it is unhealthy, and not for its status", func() bool {
		row := p.Instances()[0]
		return row.State == Unhealthy && row.Cause == CheckUnreachable
	})
	if m := p.Measure(); m.Known != 3 || m.Ready != 2 {
		t.Errorf("measured %+v; want 2 of 3 ready", m)
	}
}

func TestANewInstanceAnswersItsWarmUpFirst(t *testing.T) {
	f := newFleet(t, 1)
	var asked atomic.Int64
	open := make(chan struct{})
	fresh := newShop(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health" {
			if asked.Load() < DefaultWarmUp {
				t.Error("a visitor's request before the warm-up was over")
			}
			return
		}
		<-open
		asked.Add(1)
	})
	p := newPool(t, Config{Instances: f.addresses(), Check: Check{Path: "/health"}})
	run(t, p)
	gateway := newGateway(t, p, Exchange{})
	eventually(t, "the first is ready", func() bool { return p.Measure().Ready == 1 })
	p.roll.hear(0, Told{Instances: []Found{{Address: f.servers[0].URL}, {Address: fresh.URL}}})
	crowd(t, gateway, 2, 9, func() {})
	close(open)
	eventually(t, "the new one is ready", func() bool { return p.Measure().Ready == 2 })
	if asked.Load() < DefaultWarmUp {
		t.Errorf("it was asked %d times before it counted as ready; want %d", asked.Load(), DefaultWarmUp)
	}
}

func TestWhenNobodyIsThereItIsSaidByName(t *testing.T) {
	f := newFleet(t, 2)
	p := newPool(t, Config{Instances: f.addresses()})
	gateway := newGateway(t, p, Exchange{})
	p.roll.hear(0, Told{})
	answer, body := ask(t, request(t, http.MethodGet, gateway.URL, nil), gateway)
	if answer.StatusCode != http.StatusServiceUnavailable || strings.TrimSpace(body) != string(Unreachable) {
		t.Errorf("no instance: %d %q; want 503 %s", answer.StatusCode, body, Unreachable)
	}
}
