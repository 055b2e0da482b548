package upstream

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// rollUnderCare is a roll whose instances answer checks as the test says, in the
// bubble's own time.
type rollUnderCare struct {
	*roll
	mu     sync.Mutex
	ill    map[string]Cause // by id; absent: well
	asked  map[string][]time.Duration
	buried []string
}

func (c *rollUnderCare) set(id string, cause Cause) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ill[id] = cause
}

// times are when an instance was checked, since the beginning.
func (c *rollUnderCare) times(id string) []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked[id])
}

// ended are those whose last connections were told to go.
func (c *rollUnderCare) ended() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.buried)
}

func care(t *testing.T, config Config) *rollUnderCare {
	t.Helper()
	if config.Check.Path == "" {
		config.Check.Path = "/health"
	}
	begun := time.Now()
	c := &rollUnderCare{roll: newRoll(config.withDefaults(), 2), ill: map[string]Cause{}, asked: map[string][]time.Duration{}}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.attendTo(ctx, func(_ context.Context, in *instance) Cause {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.asked[in.found.ID] = append(c.asked[in.found.ID], time.Since(begun))
			return c.ill[in.found.ID]
		}, func(in *instance) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.buried = append(c.buried, in.found.ID)
		})
	}()
	t.Cleanup(func() { stop(); <-done })
	return c
}

// wait lets time pass and everything that it calls for happen.
func wait(d time.Duration) {
	time.Sleep(d) // of the bubble: it takes no time
	synctest.Wait()
}

func (c *rollUnderCare) states() string {
	c.roll.mu.Lock()
	defer c.roll.mu.Unlock()
	var all []string
	for _, in := range c.members {
		state, _, _ := in.state(c.balance.Drain, c.now())
		all = append(all, in.found.ID+" "+string(state))
	}
	return strings.Join(all, ", ")
}

func (c *rollUnderCare) member(id string) *instance {
	c.roll.mu.Lock()
	defer c.roll.mu.Unlock()
	for _, in := range c.members {
		if in.found.ID == id {
			return in
		}
	}
	return nil
}

func found(ids ...string) Told {
	told := Told{}
	for _, id := range ids {
		told.Instances = append(told.Instances, Found{ID: id, Address: "http://" + id + ":80"})
	}
	return told
}

func TestChecksKeepTheirTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := care(t, Config{})
		c.hear(0, found("a"))
		wait(61 * time.Second)
		if diff := cmp.Diff([]time.Duration{0, 0, 0, 30 * time.Second, 60 * time.Second}, c.times("a")); diff != "" {
			t.Errorf("a new instance is warmed up at once and then checked each 30 s (-want +got)\n%s", diff)
		}
		c.set("a", CheckStatus)
		wait(33 * time.Second) // to 94 s: bad at 90, 92 and 94
		if got := c.states(); got != "a unhealthy" {
			t.Errorf("after three bad checks, two seconds apart: %s; want a unhealthy", got)
		}
		c.set("a", "")
		wait(5 * time.Second)
		if got := c.states(); got != "a ready" {
			t.Errorf("after two good checks: %s; want a ready", got)
		}
	})
}

func TestChecksAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chance := 0.0
		c := care(t, Config{House: House{Random: func() float64 { chance = 1 - chance; return chance }}})
		c.hear(0, found("a", "b", "c", "d"))
		wait(50 * time.Second)
		at := map[time.Duration]int{}
		for _, id := range []string{"a", "b", "c", "d"} {
			times := c.times(id)
			at[times[len(times)-1]]++
		}
		if len(at) < 2 {
			t.Errorf("all were checked at the same moment: %v", at)
		}
		for when := range at {
			if when < 27*time.Second || when > 33*time.Second {
				t.Errorf("checked after %v; want 30 s, a tenth more or less", when)
			}
		}
	})
}

func TestWhatASourceDropsIsDrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := care(t, Config{})
		c.hear(0, found("a", "b", "idle"))
		c.hear(1, found("x"))
		wait(time.Second)
		b := c.member("b")
		b.load.Add(1)
		c.hear(0, found("a"))
		wait(2 * time.Second)
		if got := c.states(); got != "a ready, b draining, x ready" {
			t.Errorf("with a request under way on b: %s; want it draining, the idle one gone, the other source untouched", got)
		}
		b.load.Add(-1)
		wait(2 * time.Second)
		if got := c.states(); got != "a ready, x ready" {
			t.Errorf("once it has ended: %s; want b gone", got)
		}

		b = nil
		c.hear(0, found("a", "b"))
		wait(time.Second)
		c.member("b").load.Add(1)
		c.hear(0, found("a"))
		wait(200 * time.Second)
		c.hear(0, found("a", "b"))
		if got := c.states(); got != "a ready, x ready, b ready" {
			t.Errorf("named again in time: %s; want b ready", got)
		}
		c.hear(0, found("a"))
		wait(299 * time.Second)
		if got := c.states(); !strings.Contains(got, "b draining") || len(c.ended()) > 2 {
			t.Errorf("after 299 s: %s, ended: %v; want b still draining", got, c.ended())
		}
		wait(2 * time.Second)
		if got := c.states(); strings.Contains(got, "b ") || !slices.Contains(c.ended(), "b") {
			t.Errorf("after 300 s: %s, ended: %v; want b forgotten and its connections ended", got, c.ended())
		}
	})
}

func TestAnOperatorDrainsWhateverTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := care(t, Config{})
		c.hear(0, found("a", "b"))
		wait(time.Second)
		c.hear(1, Told{Drained: []string{"a"}})
		wait(2 * time.Second)
		if got := c.states(); got != "a drained, b ready" {
			t.Errorf("%s; want a drained, and known for as long as its source names it", got)
		}
		if m := c.measure(); m.Known != 1 || m.Ready != 1 || m.ReadyWeight != 1 {
			t.Errorf("measured %+v; want one instance: who is drained is not counted on", m)
		}
		asked := len(c.times("a"))
		wait(time.Minute)
		if len(c.times("a")) != asked {
			t.Error("who is drained is not checked")
		}
		c.hear(1, Told{})
		wait(time.Second)
		if got := c.states(); got != "a ready, b ready" || len(c.times("a")) == asked {
			t.Errorf("%s; want a back, and checked at once", got)
		}
	})
}

func TestNewInstancesStartSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := care(t, Config{})
		c.hear(0, found("a", "b", "c"))
		wait(time.Second)
		if m := c.measure(); m.Ready != 3 || m.ReadyWeight != 3 {
			t.Errorf("measured %+v; want all of those that were there before the gateway", m)
		}
		c.hear(0, found("a", "b", "c", "d"))
		synctest.Wait()
		if m := c.measure(); m.Known != 4 || m.ReadyWeight != 3.1 {
			t.Errorf("measured %+v; want a tenth of the new one", m)
		}
		wait(15 * time.Second)
		if m := c.measure(); m.ReadyWeight != 3.5 {
			t.Errorf("half way through: %v; want 3.5", m.ReadyWeight)
		}
		wait(15 * time.Second)
		if m := c.measure(); m.ReadyWeight != 4 {
			t.Errorf("after its slow start: %v; want 4", m.ReadyWeight)
		}
	})
}

func TestAGatewayThatHasJustStartedIsNotGoneBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := care(t, Config{})
		checked := func() bool { return c.measure().Checked }
		c.hear(0, found("a"))
		wait(time.Second)
		if checked() {
			t.Error("a source has not spoken yet; want it not to be gone by")
		}
		c.set("b", CheckStatus)
		c.hear(1, found("b"))
		if checked() {
			t.Error("b has not been checked yet; want it not to be gone by")
		}
		wait(5 * time.Second)
		if m := c.measure(); !m.Checked || m.Known != 2 || m.Ready != 1 {
			t.Errorf("measured %+v; want it known that b is unhealthy", m)
		}
		c.hear(0, found("a", "later"))
		if !checked() {
			t.Error("one that comes later says nothing about the others")
		}
	})
}

func TestASourceThatStaysSilentDoesNotShutOutWhomOthersName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := care(t, Config{})
		wait(sourcePatience)
		if c.measure().Checked {
			t.Error("nobody has named anybody; want it not to be gone by, or the pool would look down")
		}
		c.hear(0, found("a"))
		wait(time.Second)
		if m := c.measure(); !m.Checked || m.Known != 1 || m.Ready != 1 || m.Unheard != 1 {
			t.Errorf("measured %+v; want a gone by, and one source unheard", m)
		}
		c.set("b", CheckStatus)
		c.hear(1, found("b"))
		if m := c.measure(); m.Checked || m.Unheard != 0 {
			t.Errorf("measured %+v when it spoke at last; want b checked first", m)
		}
	})
}

func TestOneThatIsNamedTwiceGetsOneShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := care(t, Config{})
		c.hear(0, found("a"))
		c.hear(1, Told{Instances: []Found{{ID: "other", Address: "http://a:80"}, {ID: "bad", Address: "ftp://x"}}})
		if got := c.states(); got != "a warming" {
			t.Errorf("%s; want one instance, and what cannot be used left out", got)
		}
	})
}

func TestFailuresOfVisitorsRequestsEjectAndPassWithTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := care(t, Config{})
		c.hear(0, found("a", "b", "c"))
		wait(time.Second)
		fail := func(id string, times int) {
			in := c.member(id)
			for range times {
				now := time.Now()
				in.meter.begin(now)
				c.note(in, now, now, 0, broken)
			}
		}
		fail("a", 4)
		if got := c.states(); got != "a ready, b ready, c ready" {
			t.Errorf("after four failures: %s; want nobody ejected", got)
		}
		fail("a", 1)
		if got := c.states(); got != "a ejected, b ready, c ready" {
			t.Errorf("after five: %s; want a ejected", got)
		}
		asked := len(c.times("b"))
		c.set("b", CheckUnreachable)
		wait(2 * time.Second)
		fail("b", 5)
		synctest.Wait()
		if got := c.states(); got != "a ejected, b ready, c ready" || len(c.times("b")) != asked+1 {
			t.Errorf("too many are ejected already: %s, asked %d times; want b checked at once instead", got, len(c.times("b"))-asked)
		}
		wait(4 * time.Second)
		if got := c.states(); got != "a ejected, b unhealthy, c ready" {
			t.Errorf("four seconds later: %s; want b unhealthy by its checks", got)
		}
		wait(4 * time.Second)
		if got := c.states(); got != "a ready, b unhealthy, c ready" {
			t.Errorf("ten seconds after its ejection: %s; want a ready again", got)
		}
		if m := c.measure(); m.Ready != 2 || m.ReadyWeight >= 2 {
			t.Errorf("measured %+v; want two ready, one of them in its slow start", m)
		}
	})
}
