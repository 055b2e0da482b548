package prescale_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bilten/rushgate/prescale"
)

func shop() prescale.Service {
	return prescale.Service{
		Name: "shop", PerInstance: 1000, Min: 3, Max: 50, Boot: prescale.Span(time.Minute), Target: "shop",
		Price: prescale.Price{Micros: 192_000, Currency: "EUR"},
	}
}

// sure is for a crowd that past events leave no doubt about, and that stands
// there at the opening: sessions at once are the visitors.
func sure(visitors int) prescale.Request {
	past := prescale.Past{Visitors: visitors, Course: []prescale.Mark{{At: 0, Visitors: visitors}, {At: time.Second, Visitors: visitors}}}
	return prescale.Request{
		Event: "evt", Lead: 30 * time.Minute, Services: []prescale.Service{shop()},
		Evidence: prescale.Evidence{Past: []prescale.Past{past, past}},
		Sale:     prescale.Sale{Session: 5 * time.Minute, SessionSource: "room.session_duration"},
	}
}

func TestHowManyInstances(t *testing.T) {
	tests := []struct {
		name     string
		visitors int
		change   func(*prescale.Request)
		needed   int
		planned  int
		limit    prescale.Limit
	}{
		{"ten thousand at once, with the buffer, take thirteen", 10_000, nil, 13, 13, prescale.ByArrivals},
		{"few need no more than the minimum", 100, nil, 1, 3, prescale.ByArrivals},
		{"many are planned at the maximum, and the need is still told", 90_000, nil, 117, 50, prescale.ByArrivals},
		{"the stock sells out to fewer than come", 90_000, func(r *prescale.Request) { r.Sale.Tickets = 10_000 }, 13, 13, prescale.ByStock},
		{"two tickets an order, half the sessions buy: as many sessions as tickets", 90_000, func(r *prescale.Request) {
			r.Sale.Tickets, r.Sale.TicketsPerOrder, r.Sale.Buying = 10_000, 2, .5
		}, 13, 13, prescale.ByStock},
		{"the room lets in fewer at once; no buffer on what can't be exceeded", 10_000, func(r *prescale.Request) { r.Sale.Cap = 5000 }, 5, 5, prescale.ByRoomCap},
		{"the room's rate x session length bounds it", 10_000, func(r *prescale.Request) { r.Sale.PerMinute = 1200 }, 6, 6, prescale.ByRoomRate},
		{"a rate of less than one session at once still bounds it", 10_000, func(r *prescale.Request) { r.Sale.PerMinute, r.Sale.Session = 3, 10*time.Second }, 1, 3, prescale.ByRoomRate},
		{"a room that lets in nobody yet bounds nothing", 10_000, func(r *prescale.Request) { r.Sale.PerMinute = 0 }, 13, 13, prescale.ByArrivals},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := sure(test.visitors)
			if test.change != nil {
				test.change(&req)
			}
			plan, err := prescale.NewPlan(req)
			if err != nil {
				t.Fatal(err)
			}
			row := plan.Services[0]
			if row.Needed != test.needed || row.Instances != test.planned || plan.Demand.Limit != test.limit {
				t.Errorf("needed %d, planned %d, limit %s; want %d, %d, %s", row.Needed, row.Instances, plan.Demand.Limit, test.needed, test.planned, test.limit)
			}
		})
	}
}

// Arrivals that are steady: sessions at once = arrivals per second x length.
func TestLittlesLaw(t *testing.T) {
	const perSecond, minutes = 20, 60
	req := sure(1)
	all := perSecond * minutes * 60
	past := prescale.Past{Visitors: all, Course: []prescale.Mark{{At: 0}, {At: minutes * time.Minute, Visitors: all}}}
	req.Evidence = prescale.Evidence{Past: []prescale.Past{past, past}}
	plan, err := prescale.NewPlan(req)
	if err != nil {
		t.Fatal(err)
	}
	if want := perSecond * req.Sale.Session.Seconds(); !near(plan.Demand.Sessions.P50, want) {
		t.Errorf("%d arrivals a second x %v = %.0f sessions; want %.0f", perSecond, req.Sale.Session, plan.Demand.Sessions.P50, want)
	}
}

// Some crowds come when the radio says so, hours after the start.
func TestACrowdThatComesLateIsPlannedFor(t *testing.T) {
	req := sure(1)
	past := prescale.Past{Visitors: 10_000, Course: []prescale.Mark{
		{At: 0, Visitors: 100}, {At: 5 * time.Hour, Visitors: 1000}, {At: 5*time.Hour + 10*time.Minute, Visitors: 10_000},
	}}
	req.Evidence = prescale.Evidence{Past: []prescale.Past{past, past}}
	plan, err := prescale.NewPlan(req)
	if err != nil {
		t.Fatal(err)
	}
	if got := plan.Demand.Sessions.P50; got < 4400 {
		t.Errorf("sessions = %.0f; want the 4,500 who come within one session of five minutes, five hours after the start", got)
	}
	if last := plan.Forecast.Curve[len(plan.Forecast.Curve)-1].After; time.Duration(last) < 5*time.Hour {
		t.Errorf("the curve ends %v after the start; want it to show when they come", last)
	}
}

func TestHowInstancesComeAndGo(t *testing.T) {
	plan, err := prescale.NewPlan(sure(8000)) // 10,400 sessions: 11 instances
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(plan.Services[0].Up), "[{1m0s 6} {1m15s 11}]"; got != want {
		t.Errorf("up = %s; want %s", got, want)
	}
	if lead := plan.Services[0].Lead.String(); lead != "2m15s" {
		t.Errorf("lead = %s; want the last step and a minute to boot", lead)
	}
	want := "[{5m0s 9} {6m0s 8} {7m0s 7} {8m0s 6} {9m0s 5} {10m0s 4} {11m0s 3}]"
	if got := fmt.Sprint(plan.Services[0].Down); got != want {
		t.Errorf("down = %s; want %s", got, want)
	}
}

func TestWhatItCosts(t *testing.T) {
	tests := []struct {
		name, amount, code, want string
	}{
		{"cents", "0.192", "EUR", "EUR"},
		{"a currency without cents", "25", "JPY", "JPY"},
	}
	for _, test := range tests {
		price, err := prescale.ParsePrice(test.amount, test.code)
		if err != nil {
			t.Fatal(err)
		}
		req := sure(100) // never above the minimum: 3 instances
		req.Services[0].Price = price
		plan, err := prescale.NewPlan(req)
		if err != nil {
			t.Fatal(err)
		}
		hours := time.Duration(plan.Schedule.Finished - plan.Schedule.ScaleUp).Hours()
		want := 3 * hours * float64(price.Micros) / 1e6
		for range plan.Costs[0].Digits {
			want *= 10
		}
		if got := float64(plan.Costs[0].Minor); got < want-0.51 || got > want+0.51 || plan.Costs[0].Currency != test.want {
			t.Errorf("%s: %v for %.2f hours of 3 instances; want %.2f", test.name, plan.Costs[0], hours, want)
		}
	}
}

func TestPricesAreRead(t *testing.T) {
	for _, test := range []struct {
		name, amount, code string
		micros             int64
		bad                bool
	}{
		{"a fraction of a cent", "0.0416", "USD", 41_600, false},
		{"whole", "12", "CHF", 12_000_000, false},
		{"none at all", "", "", 0, false},
		{"no currency", "1", "", 0, true},
		{"an amount that is none", "1e3", "EUR", 0, true},
		{"negative", "-1", "EUR", 0, true},
		{"seven digits behind the point", "0.1234567", "EUR", 0, true},
		{"a currency that is none", "1", "QQQ", 0, true},
		{"in small letters", "1", "eur", 0, true},
	} {
		got, err := prescale.ParsePrice(test.amount, test.code)
		if (err != nil) != test.bad || got.Micros != test.micros {
			t.Errorf("%s: ParsePrice(%q, %q) = %v, %v", test.name, test.amount, test.code, got, err)
		}
	}
}

func TestBadPlansAreRefusedByName(t *testing.T) {
	tests := []struct {
		name   string
		change func(*prescale.Request)
		want   prescale.Reason
		field  string
	}{
		{"a negative lead time", func(r *prescale.Request) { r.Lead = -1 }, prescale.Negative, "prescale.lead_time"},
		{"an instance that carries nobody", func(r *prescale.Request) { r.Services[0].PerInstance = 0 }, prescale.ZeroPerInstance, "services.shop.per_instance"},
		{"an instance that carries fewer than nobody", func(r *prescale.Request) { r.Services[0].PerInstance = -1 }, prescale.Negative, "services.shop.per_instance"},
		{"a minimum above the maximum", func(r *prescale.Request) { r.Services[0].Min = 51 }, prescale.OutOfBounds, "services.shop.max"},
		{"no minimum", func(r *prescale.Request) { r.Services[0].Min = 0 }, prescale.OutOfBounds, "services.shop.min"},
		{"a billion registrations", func(r *prescale.Request) { r.Evidence.Registrations = 1_000_000_000 }, prescale.TooMany, "prescale.registrations"},
		{"negative tickets", func(r *prescale.Request) { r.Sale.Tickets = -5 }, prescale.Negative, "prescale.tickets"},
		{"nothing to scale", func(r *prescale.Request) { r.Services = nil }, prescale.NoService, "services"},
		{"a session of no length", func(r *prescale.Request) { r.Sale.Session = 0 }, prescale.OutOfBounds, "session length"},
		{"a price in no currency", func(r *prescale.Request) { r.Services[0].Price.Currency = "" }, prescale.BadPrice, "services.shop.currency"},
		{"a price beyond counting", func(r *prescale.Request) {
			r.Services[0].Price.Micros, r.Services[0].Min, r.Services[0].Max = 1<<62, 10_000, 10_000
			r.Sale.PerMinute = 1 // the line never clears
		}, prescale.Overflow, "services.shop.price_per_hour"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := sure(10_000)
			test.change(&req)
			_, err := prescale.NewPlan(req)
			var refusal *prescale.Refusal
			if !errors.As(err, &refusal) || refusal.Reason != test.want || refusal.Field != test.field {
				t.Errorf("NewPlan = %v; want %s at %s", err, test.want, test.field)
			}
		})
	}
}

func TestServicesArePickedByName(t *testing.T) {
	services := []prescale.Service{{Name: "shop"}, {Name: "payments"}, {Name: "search"}}
	got, err := prescale.Pick(services, []string{"payments", "shop"})
	if err != nil || len(got) != 2 || got[0].Name != "payments" {
		t.Errorf("Pick = %v, %v; want payments and shop", got, err)
	}
	if got, err := prescale.Pick(services, nil); err != nil || len(got) != 3 {
		t.Errorf("Pick(nothing) = %v, %v; want all", got, err)
	}
	_, err = prescale.Pick(services, []string{"shop", "nosuch"})
	var refusal *prescale.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != prescale.UnknownService || refusal.Value != "nosuch" {
		t.Errorf("Pick(nosuch) = %v; want it refused by name", err)
	}
}

func TestAdviceIsWhatAnOperatorWouldDo(t *testing.T) {
	tests := []struct {
		name   string
		change func(*prescale.Request)
		code   string
		says   string
	}{
		{"when to begin", nil, "scale_up", "Scale shop from 3 to"},
		{"too little lead time", func(r *prescale.Request) { r.Lead = time.Minute }, "lead_time_short", "raise lead_time"},
		{"more than max allows", func(r *prescale.Request) { r.Services[0].Max = 5 }, "above_max", "Raise max"},
		{"a room that lets in fewer", func(r *prescale.Request) { r.Sale.Cap = 100 }, "room_limits", "raise total_active_users"},
		{"a room that lets in more than the plan carries", func(r *prescale.Request) { r.Sale.Cap = 999_999 }, "cap_above_capacity", "set it to"},
		{"a rate that the plan does not carry", func(r *prescale.Request) { r.Sale.PerMinute = 999_999 }, "rate_above_capacity", "a minute"},
		{"too few tickets", func(r *prescale.Request) { r.Sale.Tickets = 10 }, "stock_short", "tell those beyond early"},
		{"nobody to scale it", func(r *prescale.Request) { r.Services[0].Target = "" }, "no_target", "by hand"},
		{"no price", func(r *prescale.Request) { r.Services[0].Price = prescale.Price{} }, "no_price", "cost lacks it"},
		{"a tolerance to reckon with", nil, "tolerance", "target of 909"},
		{"people who have joined, and nothing to hold them against", func(r *prescale.Request) {
			r.Evidence.Arrived = &prescale.Mark{At: -time.Hour, Visitors: 7}
		}, "prequeue_unused", "a lower bound"},
		{"a model, and it says so", func(r *prescale.Request) { r.Evidence = prescale.Evidence{Past: []prescale.Past{{Visitors: 5000}}} }, "model_step", "model, not a measurement"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := sure(20_000)
			if test.change != nil {
				test.change(&req)
			}
			plan, err := prescale.NewPlan(req)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(plan.Advice, func(r prescale.Recommendation) bool { return r.Code == test.code })
			if i < 0 || !strings.Contains(plan.Advice[i].Text, test.says) {
				t.Errorf("advice = %v; want %s with %q", plan.Advice, test.code, test.says)
			}
		})
	}
}

// Whatever is asked: a plan or a refusal, and a plan keeps its bounds.
func TestAnyRequestIsPlannedOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		req := sure(1)
		req.Evidence = prescale.Evidence{Registrations: rapid.IntRange(-5, 2e8).Draw(t, "registrations")}
		req.Evidence.ShowUp = prescale.Range{P50: rapid.Float64Range(0, 2).Draw(t, "p50"), P90: rapid.Float64Range(0, 12).Draw(t, "p90")}
		for range rapid.IntRange(0, 3).Draw(t, "past events") {
			req.Evidence.Past = append(req.Evidence.Past, prescale.Past{
				Registrations: rapid.IntRange(0, 1e8).Draw(t, "registered then"), Visitors: rapid.IntRange(0, 1e8).Draw(t, "came then"),
			})
		}
		req.Lead = time.Duration(rapid.IntRange(0, 8*24).Draw(t, "lead")) * time.Hour
		req.Sale.PerMinute = rapid.IntRange(0, 1000).Draw(t, "per minute")
		req.Sale.Tickets = rapid.IntRange(-1, 2e8).Draw(t, "tickets")
		req.Sale.Cap = rapid.IntRange(-1, 1e8).Draw(t, "cap")
		req.Services[0].PerInstance = rapid.IntRange(-1, 2e6).Draw(t, "per instance")
		req.Services[0].Max = rapid.IntRange(0, 20_000).Draw(t, "max")
		plan, err := prescale.NewPlan(req)
		if err != nil {
			var refusal *prescale.Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("refused without a name: %v", err)
			}
			return
		}
		row, s := plan.Services[0], plan.Schedule
		if total := int64(row.Instances) * int64(time.Duration(s.Finished-s.ScaleUp).Seconds()); plan.Costs[0].Minor > total*20/3600+1 {
			t.Fatalf("%v for at most %d instance-seconds at 0.192", plan.Costs, total)
		}
		if row.Instances < 3 || row.Instances > req.Services[0].Max || plan.Costs[0].Minor < 0 {
			t.Fatalf("%d instances, %v", row.Instances, plan.Costs)
		}
		if s.ScaleUp > 0 || s.Ready > 0 || s.Release <= 0 || s.Finished < s.Release {
			t.Fatalf("schedule %+v", s)
		}
		if _, err := json.Marshal(plan); err != nil {
			t.Fatal(err)
		}
	})
}

// An autoscaler as Kubernetes writes it: ceil(n x metric / target), nothing
// within the tolerance, at most twice as many at a time.
func TestAnAutoscalerThatIsAskedComesToWhatIsNeeded(t *testing.T) {
	for needed := 1; needed <= 200; needed++ {
		for n := 1; n <= needed; n++ {
			at := n
			for range 20 {
				ratio := float64(prescale.Ask(needed)) / float64(at)
				if ratio <= 1+float64(prescale.TolerancePercent)/100 {
					break
				}
				at = min(2*at, prescale.Ask(needed))
			}
			if at < needed || at > needed+needed/10+1 {
				t.Fatalf("from %d, asked for %d, it stops at %d; want %d", n, prescale.Ask(needed), at, needed)
			}
		}
	}
}
