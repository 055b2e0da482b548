package roster_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/web/upstream"
	"github.com/bilten/rushgate/web/upstream/roster"
)

var inside = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}

// moody is a store that can fall asleep.
type moody struct {
	accord.Store
	mu     sync.Mutex
	asleep bool
}

var errAsleep = errors.New("the store is asleep")

func (m *moody) sleep(asleep bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asleep = asleep
}

func (m *moody) Meet(ctx context.Context, key, member string, report []byte, fresh time.Duration) (accord.Record, error) {
	m.mu.Lock()
	asleep := m.asleep
	m.mu.Unlock()
	if asleep {
		return accord.Record{}, errAsleep
	}
	return m.Store.Meet(ctx, key, member, report, fresh)
}

// gateway is a roster and what it has told last.
type gateway struct {
	*roster.Roster
	mu   sync.Mutex
	told upstream.Told
}

func open(t *testing.T, store accord.Store) *gateway {
	t.Helper()
	g := &gateway{Roster: roster.New(roster.Config{
		Store: store, Pool: "shop", TTL: 30 * time.Second, Networks: inside,
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.Watch(ctx, func(told upstream.Told) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.told = told
		})
	}()
	t.Cleanup(func() { stop(); <-done })
	return g
}

func (g *gateway) knows() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []string
	for _, in := range g.told.Instances {
		all = append(all, in.ID)
	}
	return strings.TrimSpace(strings.Join(all, " ") + " / " + strings.Join(g.told.Drained, " "))
}

func (g *gateway) register(t *testing.T, id string) {
	t.Helper()
	if err := g.Register(t.Context(), id, roster.Registration{Address: "http://10.0.0.7:3000"}); err != nil {
		t.Fatal(err)
	}
}

func wait(d time.Duration) {
	time.Sleep(d) // of the bubble
	synctest.Wait()
}

func TestARegistrationReachesEveryGatewayAndLastsWhileItIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := accord.NewMemory(time.Now)
		here, there := open(t, store), open(t, store)
		here.register(t, "a")
		there.register(t, "b")
		wait(time.Second)
		for name, g := range map[string]*gateway{"here": here, "there": there} {
			if got := g.knows(); got != "a b /" {
				t.Errorf("%s: %q; want a and b", name, got)
			}
		}
		for range 12 { // two minutes of heartbeats of one, at whichever gateway
			wait(10 * time.Second)
			there.register(t, "a")
		}
		wait(time.Second)
		if got := here.knows(); got != "a /" {
			t.Errorf("b has been silent for two minutes: %q; want a alone", got)
		}
		if err := here.Deregister(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
		if got := there.knows(); got != "/" {
			t.Errorf("after its farewell: %q; want nobody", got)
		}
	})
}

func TestADrainHoldsAtEveryGatewayUntilItIsLifted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := accord.NewMemory(time.Now)
		here, there := open(t, store), open(t, store)
		wait(time.Second)
		wish := roster.Drain{By: "ops", Reason: "update", At: time.Now().UTC()}
		var all sync.WaitGroup
		for _, id := range []string{"a", "b", "c", "a"} { // at the same moment, at both
			all.Go(func() {
				if err := here.SetDrain(t.Context(), id, &wish); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				if err := there.SetDrain(t.Context(), id, &wish); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		wait(10 * time.Minute)
		if got := [2]string{here.knows(), there.knows()}; got != [2]string{"/ a b c", "/ a b c"} {
			t.Errorf("ten minutes later: %q; want a, b and c drained at both", got)
		}
		if diff := cmp.Diff(map[string]roster.Drain{"a": wish, "b": wish, "c": wish}, there.Drains()); diff != "" {
			t.Errorf("who drained what (-want +got)\n%s", diff)
		}
		if err := here.SetDrain(t.Context(), "b", nil); err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
		if got := there.knows(); got != "/ a c" {
			t.Errorf("after b's was lifted: %q; want a and c", got)
		}
		log, err := store.Log(t.Context(), "instances:shop", "", 100)
		if err != nil || len(log) != 4 {
			t.Errorf("%d lines in the log, %v; want one for each change, 4", len(log), err)
		}
	})
}

func TestWhenTheStoreIsSilentOrLosesEverythingGatewaysRemember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := accord.NewMemory(time.Now)
		store := &moody{Store: memory}
		here, there := open(t, store), open(t, store)
		here.register(t, "a")
		if err := here.SetDrain(t.Context(), "b", &roster.Drain{By: "ops"}); err != nil {
			t.Fatal(err)
		}
		wait(2 * time.Second)

		store.sleep(true)
		wait(10 * time.Minute)
		if got := there.knows(); got != "a / b" {
			t.Errorf("silent for ten minutes: %q; want what was known", got)
		}
		if err := here.Register(t.Context(), "c", roster.Registration{Address: "http://10.0.0.8:3000"}); !errors.Is(err, errAsleep) {
			t.Errorf("Register = %v; want it to say that the store is silent", err)
		}

		if err := memory.Drop(t.Context(), "instances:shop"); err != nil {
			t.Fatal(err)
		}
		store.sleep(false)
		here.register(t, "a") // the next heartbeat
		wait(3 * time.Second)
		late := open(t, store) // knows only what is in the store
		wait(time.Second)
		for name, g := range map[string]*gateway{"here": here, "there": there, "late": late} {
			if got := g.knows(); got != "a / b" {
				t.Errorf("%s, after everything was lost: %q; want a, and b's drain put back", name, got)
			}
		}
	})
}

func TestALossIsNoReasonToDropAnybodyBeforeTheNextHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := accord.NewMemory(time.Now)
		g := open(t, store)
		g.register(t, "a")
		wait(2 * time.Second)
		if err := store.Drop(t.Context(), "instances:shop"); err != nil {
			t.Fatal(err)
		}
		wait(9 * time.Second)
		if got := g.knows(); got != "a /" {
			t.Errorf("before its next heartbeat: %q; want a to stay", got)
		}
		wait(30 * time.Second)
		if got := g.knows(); got != "/" {
			t.Errorf("without one for longer than the TTL: %q; want nobody", got)
		}
	})
}

func TestWhoMayRegister(t *testing.T) {
	g := roster.New(roster.Config{Store: accord.NewMemory(time.Now), Pool: "shop", Networks: inside, Now: time.Now})
	for _, tt := range []struct {
		says string
		id   string
		x    roster.Registration
		want string // in the error; empty: none
	}{
		{"inside", "a", roster.Registration{Address: "http://10.1.2.3:3000"}, ""},
		{"inside, https, heavier", "pod-7.b_c", roster.Registration{Address: "https://10.1.2.3:443", Weight: 3}, ""},
		{"IPv6", "a", roster.Registration{Address: "http://[fd00::7]:3000"}, ""},
		{"an IPv4 address in IPv6 clothes is what it is", "a", roster.Registration{Address: "http://[::ffff:10.1.2.3]:3000"}, ""},
		{"outside", "a", roster.Registration{Address: "http://192.168.0.1:3000"}, "in none of the networks"},
		{"the cloud's metadata", "a", roster.Registration{Address: "http://169.254.169.254:80"}, "in none of the networks"},
		{"the same in IPv6 clothes", "a", roster.Registration{Address: "http://[::ffff:169.254.169.254]:80"}, "in none of the networks"},
		{"the gateway itself", "a", roster.Registration{Address: "http://127.0.0.1:8081"}, "in none of the networks"},
		{"an address written as a number", "a", roster.Registration{Address: "http://167772161:80"}, "not a name"},
		{"a name, which could mean anything tomorrow", "a", roster.Registration{Address: "http://shop.internal:3000"}, "not a name"},
		{"a zone", "a", roster.Registration{Address: "http://[fd00::7%25eth0]:3000"}, "not a name"},
		{"no port", "a", roster.Registration{Address: "http://10.1.2.3"}, "a port"},
		{"port 0", "a", roster.Registration{Address: "http://10.1.2.3:0"}, "a port"},
		{"everywhere", "a", roster.Registration{Address: "http://0.0.0.0:80"}, "one machine"},
		{"a path", "a", roster.Registration{Address: "http://10.1.2.3:80/admin"}, "and no more"},
		{"a slash", "a", roster.Registration{Address: "http://10.1.2.3:80/"}, "and no more"},
		{"an empty query", "a", roster.Registration{Address: "http://10.1.2.3:80?"}, "and no more"},
		{"a password", "a", roster.Registration{Address: "http://u:secret@10.1.2.3:80"}, "and no more"},
		{"another scheme", "a", roster.Registration{Address: "file://10.1.2.3:80"}, "and no more"},
		{"nothing", "a", roster.Registration{}, "and no more"},
		{"no id", "", roster.Registration{Address: "http://10.1.2.3:80"}, "1 to 64"},
		{"an id that would not fit a path", "a/b", roster.Registration{Address: "http://10.1.2.3:80"}, "1 to 64"},
		{"a negative weight", "a", roster.Registration{Address: "http://10.1.2.3:80", Weight: -1}, "weight"},
		{"an absurd one", "a", roster.Registration{Address: "http://10.1.2.3:80", Weight: 1e6}, "weight"},
	} {
		err := g.Register(t.Context(), tt.id, tt.x)
		var invalid *roster.Invalid
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v; want it registered", tt.says, err)
		case tt.want != "" && (!errors.As(err, &invalid) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret")):
			t.Errorf("%s: %v; want %q", tt.says, err, tt.want)
		}
	}
	open := roster.New(roster.Config{Store: accord.NewMemory(time.Now), Pool: "shop", Now: time.Now})
	if err := open.Register(t.Context(), "a", roster.Registration{Address: "http://10.1.2.3:80"}); err == nil {
		t.Error("without networks nobody may register")
	}
}

func TestAStolenKeyFillsOnlySoMuch(t *testing.T) {
	g := roster.New(roster.Config{Store: accord.NewMemory(time.Now), Pool: "shop", Networks: inside, Now: time.Now})
	var refused error
	for i := range 600 {
		if refused = g.Register(t.Context(), fmt.Sprint("i", i), roster.Registration{Address: fmt.Sprintf("http://10.0.%d.%d:80", i/250, i%250+1)}); refused != nil {
			break
		}
	}
	if refused == nil || !strings.Contains(refused.Error(), "may not have more") {
		t.Errorf("600 registrations: %v; want an end", refused)
	}
	if err := g.Register(t.Context(), "i0", roster.Registration{Address: "http://10.0.0.1:80"}); err != nil {
		t.Errorf("a heartbeat of one that is in: %v; want it taken", err)
	}
}
