package pricing

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bilten/rushgate/event"
)

var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// engine makes one of the small rules, with texts replaced in pairs.
func engine(t testing.TB, replaced ...string) *Engine {
	t.Helper()
	r, err := Parse([]byte(strings.NewReplacer(replaced...).Replace(small)))
	if err != nil {
		t.Fatal(err)
	}
	r.Period = event.Duration(time.Hour) // the tests look hours apart
	e, err := Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// crowd is waiting for 1000 tickets, of which so many are sold and held.
func crowd(waiting, sold, held int64) Inputs {
	return Inputs{
		Waiting: Count(waiting), Active: Count(100), Start: start,
		Tiers: map[string]Stock{"stalls": {Sold: Count(sold), Held: Count(held), Remaining: Count(1000 - sold - held)}},
	}
}

// at is a state in which a price was published at the start, and looked at since.
func (e *Engine) at(price int64, looked time.Time) State {
	s := e.Adopt(State{Tiers: map[string]TierState{"stalls": {Price: price, Changed: start, Looked: looked}}})
	return s
}

const noPace = "pace: {smoothing: 5m, max_step: 5.00, cooldown: 10m}"

func TestPriceFollowsDemandWithinItsLimits(t *testing.T) {
	hour := start.Add(time.Hour)
	for _, test := range []struct {
		say    string
		pace   string
		in     Inputs
		last   int64
		now    time.Time
		price  int64
		reason Reason
	}{
		{"nobody waits, half is sold: the base", "pace: {}", crowd(0, 600, 0), 8000, hour, 8000, Steady},
		{"two wait for each ticket: the second step", "pace: {}", crowd(800, 600, 0), 8000, hour, 9600, Raised},
		{"three wait for each ticket: the third step, and the cap", "pace: {}", crowd(1200, 600, 0), 8000, hour, 12000, Raised},
		{"the cap stays the cap", "pace: {}", crowd(100_000, 600, 0), 12000, hour, 12000, Steady},
		{"nobody waits any more", "pace: {}", crowd(0, 600, 0), 9600, hour, 8000, Lowered},
		{"few are sold: the condition takes a tenth", "pace: {}", crowd(0, 100, 0), 8000, hour, 7200, Lowered},
		{"a leap is cut at the largest step", "pace: {max_step: 5.00}", crowd(1200, 600, 0), 8000, hour, 8500, Raised},
		{"so is a fall", "pace: {max_step: 5.00}", crowd(0, 600, 0), 9600, hour, 9100, Lowered},
		{"a change right after a change waits", "pace: {cooldown: 2h}", crowd(1200, 600, 0), 8000, hour, 8000, Cooling},
		{"and comes when the cooldown is over", "pace: {cooldown: 1h}", crowd(1200, 600, 0), 8000, hour, 12000, Raised},
		{"a price that only rises does not fall", "pace: {increase_only: true}", crowd(0, 600, 0), 9600, hour, 9600, OnlyRises},
		{"a smooth price goes half of the way in a time constant", "pace: {smoothing: 1h}", crowd(1200, 600, 0), 8000, hour, 10000, Raised},
		{"of a day without a look two periods count", "pace: {smoothing: 2h}", crowd(1200, 600, 0), 8000, start.Add(24 * time.Hour), 10000, Raised},
		{"a price set by hand that is not round stays, where demand asks for no more", "pace: {increase_only: true}", crowd(0, 600, 0), 8337, hour, 8337, OutOfReach},
		{"nor does it rise to a round one while demand falls", "pace: {smoothing: 1d, decay: 7d}", crowd(0, 600, 0), 8337, hour, 8337, OutOfReach},
		{"but goes down to one when demand is that low", "pace: {max_step: 0.50}", crowd(0, 600, 0), 8337, hour, 8300, Lowered},
		{"nothing is left", "pace: {}", crowd(1200, 900, 100), 8000, hour, 8000, SoldOut},
		{"the last price is below new rules' floor", "pace: {max_step: 5.00, cooldown: 2h}", crowd(0, 600, 0), 5000, hour, 6000, RangeChanged},
		{"the last price is above new rules' cap", "pace: {increase_only: true}", crowd(1200, 600, 0), 15000, hour, 12000, RangeChanged},
		{"the clock went back: as if no time had passed", "pace: {smoothing: 1h}", crowd(1200, 600, 0), 8000, start.Add(-time.Hour), 8000, Steady},
	} {
		e := engine(t, noPace, test.pace)
		quotes, next := e.Price(test.in, e.at(test.last, start), test.now)
		if q := quotes[0]; q.Price != test.price || q.Reason != test.reason {
			t.Errorf("%s: Price = %d, %s; want %d, %s\n%+v", test.say, q.Price, q.Reason, test.price, test.reason, q.Stages)
		}
		if got := next.Tiers["stalls"].Price; got != test.price {
			t.Errorf("%s: the next state has %d; want %d", test.say, got, test.price)
		}
	}
}

func TestUnknownInputsKeepThePublishedPrice(t *testing.T) {
	in := func(change func(*Inputs)) Inputs {
		all := crowd(1200, 600, 0)
		change(&all)
		return all
	}
	for say, test := range map[string]Inputs{
		"nothing is known":                      {},
		"the store of the line is away":         in(func(i *Inputs) { i.Waiting = Reading{} }),
		"the shop says nothing of its stock":    in(func(i *Inputs) { i.Tiers = nil }),
		"the shop says that less than none are": in(func(i *Inputs) { i.Tiers["stalls"] = Stock{Count(600), Count(0), Count(-3)} }),
		"a metric is not a number":              in(func(i *Inputs) { i.Waiting = Measured(math.NaN()) }),
		"a metric is infinite":                  in(func(i *Inputs) { i.Waiting = Measured(math.Inf(1)) }),
		"the condition's input alone is away":   in(func(i *Inputs) { i.Tiers["stalls"] = Stock{Remaining: Count(400)} }),
	} {
		e := engine(t, noPace, "pace: {}")
		quotes, next := e.Price(test, e.at(9600, start), start.Add(time.Hour))
		if q := quotes[0]; q.Price != 9600 || q.Reason != UnknownInputs || q.Changed() || next.Tiers["stalls"].Price != 9600 {
			t.Errorf("%s: Price = %d, %s; want 9600, %s", say, q.Price, q.Reason, UnknownInputs)
		}
	}
}

func TestAConditionThatFailsKeepsThePublishedPrice(t *testing.T) {
	e := engine(t, noPace, "pace: {}", "sell_through < 0.5", "sold / held > 3")
	quotes, _ := e.Price(crowd(1200, 600, 0), e.at(9600, start), start.Add(time.Hour))
	if q := quotes[0]; q.Price != 9600 || q.Reason != ConditionFailed {
		t.Errorf("Price with a division by zero = %d, %s; want 9600, %s", q.Price, q.Reason, ConditionFailed)
	}
}

// What fans read names nothing that pulled the other way.
func TestWordsSayWhatMovedThePrice(t *testing.T) {
	timed := []string{"input: demand_ratio", "input: time_on_sale", "to: 1,", "to: 1h,", "from: 1, to: 3,", "from: 1h, to: 3h,", "from: 3", "from: 3h"}
	for _, test := range []struct {
		say      string
		replaced []string
		in       Inputs
		last     int64
		words    string
	}{
		{"demand raised it, and a discount holds all the while", nil, crowd(2000, 100, 0), 7200, Raised.Words()},
		{"a discount lowered it", nil, crowd(0, 100, 0), 8000, "The price fell: Few were sold."},
		{"a surcharge raised it", []string{"multiplier: 0.9", "multiplier: 1.1"}, crowd(0, 100, 0), 8000, "The price rose: Few were sold."},
		{"demand fell, and a surcharge holds still", []string{"multiplier: 0.9", "multiplier: 1.1"}, crowd(0, 100, 0), 10000, Lowered.Words()},
		{"the clock raised it, whoever waits", timed, crowd(0, 600, 0), 8000, "The price rose with time, as its rules say."},
		{"the clock lowered it", append([]string{"multiplier: 1.2", "multiplier: 0.8", "monotone: rising", ""}, timed...), crowd(0, 600, 0), 8000, "The price fell with time, as its rules say."},
	} {
		e := engine(t, append(test.replaced, noPace, "pace: {}")...)
		quotes, _ := e.Price(test.in, e.at(test.last, start), start.Add(2*time.Hour))
		if q := quotes[0]; q.Words != test.words {
			t.Errorf("%s: %d -> %d says %q; want %q", test.say, q.Was, q.Price, q.Words, test.words)
		}
	}
}

func TestTheFirstPriceIsTheBase(t *testing.T) {
	for say, in := range map[string]Inputs{"nothing is known": {}, "a rush": crowd(100_000, 0, 0)} {
		quotes, next := engine(t).Price(in, State{}, start)
		if q := quotes[0]; q.Price != 8000 || q.Reason != Opening || !q.Changed() || next.Tiers["stalls"].Price != 8000 {
			t.Errorf("%s: the first price = %d, %s; want 8000, %s", say, q.Price, q.Reason, Opening)
		}
	}
}

func TestLapsedHoldsLetThePriceDecay(t *testing.T) {
	e := engine(t, "input: demand_ratio", "input: tier_sell_through", "to: 1,", "to: 0.5,", "from: 1, to: 3,", "from: 0.5, to: 0.9,", "from: 3", "from: 0.9",
		noPace, "pace: {smoothing: 1m, decay: 1h}")
	s := e.at(12000, start)
	_, s = e.Price(crowd(0, 600, 350), s, start.Add(time.Minute))
	var got []int64
	now := start.Add(time.Minute)
	var reasons []Reason
	for range 4 {
		now = now.Add(time.Hour)
		var quotes []Quote
		quotes, s = e.Price(crowd(0, 600, 0), s, now)
		got = append(got, quotes[0].Price)
		reasons = append(reasons, quotes[0].Reason)
	}
	if diff := cmp.Diff([]int64{10800, 10200, 9900, 9750}, got); diff != "" {
		t.Errorf("prices after 350 holds lapsed, by the hour (-want +got):\n%s", diff)
	}
	if reasons[0] != HoldsLapsed || reasons[1] != Lowered {
		t.Errorf("reasons = %v; want %s first", reasons, HoldsLapsed)
	}
}

func TestFreezeAndOverride(t *testing.T) {
	e := engine(t, noPace, "pace: {}")
	s := e.at(9600, start)
	s.Frozen = &Act{By: "ann", Why: "a fault in the shop", At: start}
	quotes, _ := e.Price(crowd(1200, 600, 0), s, start.Add(time.Hour))
	if q := quotes[0]; q.Price != 9600 || q.Reason != Frozen {
		t.Errorf("frozen: Price = %d, %s; want 9600, %s", q.Price, q.Reason, Frozen)
	}
	s.Frozen = nil
	stalls := s.Tiers["stalls"]
	stalls.Override = &Override{Price: 7777, Act: Act{By: "ann", Why: "a friendlier price", At: start}}
	s.Tiers["stalls"] = stalls
	quotes, s = e.Price(crowd(1200, 600, 0), s, start.Add(time.Hour))
	if q := quotes[0]; q.Price != 7777 || q.Reason != Overridden {
		t.Errorf("set by hand: Price = %d, %s; want 7777, %s", q.Price, q.Reason, Overridden)
	}
	if low := e.Offers(s)["stalls"].Range.Low; low != 7200 {
		t.Errorf("the range begins at %d; want 7200, as the rules reach it", low)
	}
}

// Demand far above the cap for hours does not hold the price there for hours.
func TestThePriceComesDownFromTheCapAtItsOwnPace(t *testing.T) {
	e := engine(t, noPace, "pace: {smoothing: 10m}", "multiplier: 1.5}", "multiplier: 50}")
	s, now := e.at(8000, start), start
	for range 120 {
		now = now.Add(time.Minute)
		_, s = e.Price(crowd(100_000, 600, 0), s, now)
	}
	if got := s.Tiers["stalls"].Price; got != 12000 {
		t.Fatalf("after two hours of rush the price is %d; want the cap, 12000", got)
	}
	_, s = e.Price(crowd(0, 600, 0), s, now.Add(10*time.Minute))
	if got := s.Tiers["stalls"].Price; got != 10000 {
		t.Errorf("a time constant later the price is %d; want 10000, half of the way to the base", got)
	}
}

func TestEveryStageIsInTheExplanation(t *testing.T) {
	e := engine(t, "cooldown: 10m", "cooldown: 10m, increase_only: true")
	quotes, _ := e.Price(crowd(1200, 100, 0), e.at(8000, start), start.Add(5*time.Minute))
	var names []string
	for _, stage := range quotes[0].Stages {
		names = append(names, stage.Name)
	}
	want := "input multiplier condition smoothing amount bounds max_step increase_only rounding cooldown"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("stages = %s; want %s", got, want)
	}
}

func TestRoundPrices(t *testing.T) {
	for _, test := range []struct {
		say          string
		grid         grid
		v, low, high int64
		want         int64
		none         bool
	}{
		{"to five cents", grid{5, 0}, 1237, 0, 9999, 1235, false},
		{"to five cents, upwards", grid{5, 0}, 1238, 0, 9999, 1240, false},
		{"to half a unit, half way goes up", grid{50, 0}, 1225, 0, 9999, 1250, false},
		{"to whole units", grid{100, 0}, 1249, 0, 9999, 1200, false},
		{"to a .90 ending", grid{100, 90}, 1230, 0, 9999, 1190, false},
		{"never above the cap", grid{100, 90}, 1289, 0, 1289, 1190, false},
		{"never below the floor", grid{100, 90}, 1191, 1191, 9999, 1290, false},
		{"below the first of its prices", grid{100, 90}, 10, 0, 9999, 90, false},
		{"nothing round between floor and cap", grid{100, 90}, 1220, 1200, 1280, 0, true},
	} {
		got, some := test.grid.nearest(test.v, test.low, test.high)
		if got != test.want || some == test.none {
			t.Errorf("%s: nearest(%d in %d to %d) = %d, %v; want %d", test.say, test.v, test.low, test.high, got, some, test.want)
		}
	}
}

func TestTheRangeIsWhatDemandCanReach(t *testing.T) {
	for _, test := range []struct {
		say  string
		e    *Engine
		last int64
		want Range
	}{
		{"from the condition's tenth to the cap", engine(t), 8000, Range{7200, 12000}},
		{"a cap that no demand reaches is not shown", engine(t, "cap: 120.00", "cap: 500.00"), 8000, Range{7200, 12000}},
		{"conditions count, too", engine(t, "cap: 120.00", "cap: 500.00", "multiplier: 0.9", "multiplier: 2"), 8000, Range{8000, 24000}},
		{"never below what only rises", engine(t, "cooldown: 10m", "increase_only: true"), 8500, Range{8500, 12000}},
		{"what is published is always in it", engine(t, "cap: 120.00", "cap: 500.00"), 20000, Range{7200, 20000}},
	} {
		if got := test.e.Offers(test.e.at(test.last, start))["stalls"].Range; got != test.want {
			t.Errorf("%s: range = %v; want %v", test.say, got, test.want)
		}
	}
}

func TestNobodyPaysMoreThanWasShown(t *testing.T) {
	shown := Offer{Price: 8000, Range: Range{7000, 10000}}
	for _, test := range []struct {
		say   string
		lock  Lock
		price int64
		want  int64
	}{
		{"the price of the turn, within the range", LockTurn, 9500, 9500},
		{"above the range, its upper end", LockTurn, 12000, 10000},
		{"a lower price at the turn wins", LockTurn, 6000, 6000},
		{"locked on joining, a higher price is not charged", LockJoin, 9500, 8000},
		{"locked on joining, a lower price wins", LockJoin, 7500, 7500},
	} {
		if got := test.lock.Charge(shown, test.price); got != test.want {
			t.Errorf("%s: Charge = %d; want %d", test.say, got, test.want)
		}
	}
}

func TestNotice(t *testing.T) {
	for _, test := range []struct {
		say   string
		now   time.Time
		start time.Time
		late  bool
	}{
		{"a week before", start.Add(-7 * 24 * time.Hour), start, false},
		{"a day before, to the second", start.Add(-24 * time.Hour), start, false},
		{"a second less", start.Add(-24*time.Hour + time.Second), start, true},
		{"in the middle of the sale", start.Add(time.Hour), start, true},
		{"a sale that is always on", start, time.Time{}, true},
	} {
		if got := Late(test.now, test.start); (got != "") != test.late {
			t.Errorf("%s: Late = %q; want late: %v", test.say, got, test.late)
		}
	}
}
