package pricing

import (
	"os"
	"strings"
	"testing"
)

// small rules; each row of the tests below replaces one text with another.
const small = `event: hamlet
currency: EUR
all_in: all fees and taxes included
tiers:
  - name: stalls
    base: 80.00
    floor: 60.00
    cap: 120.00
    demand:
      input: demand_ratio
      steps:
        - {from: 0, to: 1, multiplier: 1}
        - {from: 1, to: 3, multiplier: 1.2}
        - {from: 3, multiplier: 1.5}
      monotone: rising
    conditions:
      - {when: "sell_through < 0.5", multiplier: 0.9, reason: "Few were sold."}
    rounding: {to: 0.50}
    pace: {smoothing: 5m, max_step: 5.00, cooldown: 10m}
`

func TestParseReadsWhatOrganizersWrite(t *testing.T) {
	r, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	stalls := r.Tiers[0]
	if r.Period.String() != "1m" || stalls.Title != "stalls" || stalls.Pace.Decay != stalls.Pace.Smoothing {
		t.Errorf("Parse(small) = %+v; want a period of 1m, the name as title, and decay as smoothing", r)
	}
	if got := stalls.cap(Currency{"EUR", 2}); got != 12000 {
		t.Errorf("cap = %d; want 12000 cents", got)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ say, old, new, want string }{
		{"an unknown field", "base: 80.00", "base: 80.00\n    prize: 1", "line 7: tiers[0].prize: unknown field"},
		{"an unknown currency", "EUR", "EURO", `line 2: currency: "EURO": want a currency of ISO 4217 as in EUR`},
		{"a currency of the past", "EUR", "DEM", `line 2: currency: "DEM": want a currency of ISO 4217 as in EUR`},
		{"an amount finer than the currency", "base: 80.00", "base: 80.005", `line 6: tiers[0].base: 80.005: EUR has no smaller amount than 0.01`},
		{"cents of a yen", "EUR", "JPY", `line 18: tiers[0].rounding.to: 0.5: JPY has no smaller amount than 1`},
		{"no word on what is included", "all_in: all fees and taxes included\n", "", `all_in: is missing: it tells fans what the prices include, as in "all fees and taxes included"`},
		{"a negative price", "base: 80.00", "base: -80.00", `line 6: tiers[0].base: "-80.00": want a plain number as in 89.50, with at most 6 decimals`},
		{"a price with an exponent", "base: 80.00", "base: 8e9", `line 6: tiers[0].base: "8e9": want a plain number as in 89.50, with at most 6 decimals`},
		{"a price that is not a number", "base: 80.00", "base: .nan", `line 6: tiers[0].base: ".nan": want a plain number as in 89.50, with at most 6 decimals`},
		{"no base", "    base: 80.00\n", "", "tiers[0].base: is missing"},
		{"a price too high", "cap: 120.00", "cap: 999999999999", "line 8: tiers[0].cap: 999999999999: want 0.01 to 10000000000.00"},
		{"a floor above the cap", "floor: 60.00", "floor: 130.00", "line 7: tiers[0].floor: 130.00: is above the cap, 120.00"},
		{"a floor above a cap that is a multiplier", "cap: 120.00", "cap_multiplier: 0.5", "line 6: tiers[0].base: 80.00: is above the cap, 40.00"},
		{"a floor above the base", "floor: 60.00", "floor: 90.00", "line 7: tiers[0].floor: 90.00: is above the base, 80.00"},
		{"a base above the cap", "cap: 120.00", "cap: 70.00", "line 6: tiers[0].base: 80.00: is above the cap, 70.00"},
		{"rules that can move nothing", "floor: 60.00\n    cap: 120.00", "cap: 80.00",
			`line 5: tiers[0]: "stalls": has rules that move its price, but neither floor nor cap leave room`},
		{"a gap between steps", "from: 3,", "from: 4,", "line 14: tiers[0].demand.steps[2].from: 4: leaves a gap: the step before ends at 3"},
		{"steps that overlap", "from: 3,", "from: 2,", "line 14: tiers[0].demand.steps[2].from: 2: overlaps the step before, which ends at 3"},
		{"a gap below the first step", "from: 0,", "from: 0.5,", "line 12: tiers[0].demand.steps[0].from: 0.5: leaves a gap below it: the first step begins at 0"},
		{"a gap above the last step", "from: 3,", "from: 3, to: 9,", "line 14: tiers[0].demand.steps[2].to: 9: leaves a gap above it: the last step has no end"},
		{"a step without an end in the middle", "from: 1, to: 3,", "from: 1,", "tiers[0].demand.steps[1].to: is missing: only the last step has no end"},
		{"a step backwards", "from: 1, to: 3,", "from: 1, to: 1,", "line 13: tiers[0].demand.steps[1].to: 1: is not above from, 1"},
		{"multipliers that do not rise as declared", "multiplier: 1.2", "multiplier: 0.9", "line 13: tiers[0].demand.steps[1].multiplier: 0.9: is not rising: before it stands 1"},
		{"multipliers that do not fall as declared", "monotone: rising", "monotone: falling", "line 13: tiers[0].demand.steps[1].multiplier: 1.2: is not falling: before it stands 1"},
		{"a multiplier of 1000", "multiplier: 1.5", "multiplier: 1000", "line 14: tiers[0].demand.steps[2].multiplier: 1000: want 0.01 to 100"},
		{"an input that there is not", "input: demand_ratio", "input: browser", `line 10: tiers[0].demand.input: "browser": want demand_ratio, sell_through, tier_sell_through, time_to_start, time_on_sale`},
		{"a time where a number is meant", "from: 1, to: 3,", "from: 1, to: 3h,", "line 13: tiers[0].demand.steps[1].to: 3h: want a number, as demand_ratio is one"},
		{"a share above all", "input: demand_ratio", "input: sell_through", "line 13: tiers[0].demand.steps[1].to: 3: want 0 to 1: it is a share of all tickets"},
		{"steps and a curve", "monotone: rising", "curve: [{at: 0, multiplier: 1}, {at: 1, multiplier: 2}]", "line 10: tiers[0].demand: has steps and a curve: want one of them"},
		{"an unknown variable", "sell_through < 0.5", "user_country == 'NO'",
			`line 17: tiers[0].conditions[0].when: "user_country == 'NO'": column 1: undeclared reference to 'user_country'`},
		{"a condition that is none", "sell_through < 0.5", "waiting + 1", `line 17: tiers[0].conditions[0].when: "waiting + 1": gives int: want true or false, as in "waiting > 1000"`},
		{"a condition without words for fans", ", reason: \"Few were sold.\"", "", "tiers[0].conditions[0].reason: is missing: it tells fans why the price is another"},
		{"a step too small to reach the next round price", "max_step: 5.00", "max_step: 0.40",
			"line 19: tiers[0].pace.max_step: 0.40: is less than from one round price to the next, 0.50: the price could never move"},
		{"a base that is not round", "base: 80.00", "base: 80.20", "line 6: tiers[0].base: 80.20: is no round price: want 80.00 or 80.50"},
		{"an ending beyond the step", "{to: 0.50}", "{to: 0.50, ending: 0.90}", "line 18: tiers[0].rounding.ending: 0.90: is not below to, 0.50"},
		{"a tier twice", "rounding:", "pace: {}\n  - name: stalls\n    base: 1\n    rounding:", `line 19: tiers[1].name: "stalls": is there already`},
		{"decay of a price that never falls", "cooldown: 10m", "cooldown: 10m, increase_only: true, decay: 1h", "line 19: tiers[0].pace.decay: 1h: is of no use with increase_only"},
		{"a look every millisecond", "tiers:", "period: 1ms\ntiers:", "line 4: period: 1ms: want 10s to 1h in whole seconds"},
		{"text that turns the reading direction", "all_in: all", `all_in: "all\u202E`, ""},
	} {
		document := strings.Replace(small, test.old, test.new, 1)
		if document == small {
			t.Fatalf("%s: %q is not in the small rules", test.say, test.old)
		}
		_, err := Parse([]byte(document))
		if err == nil || !strings.Contains(err.Error()+"\n", test.want+"\n") && test.want != "" {
			t.Errorf("%s: Parse refuses with\n got %v\nwant %s", test.say, err, test.want)
		}
	}
}

func TestAllProblemsAreNamedAtOnce(t *testing.T) {
	_, err := Parse([]byte("event: A\ncurrency: X\ntiers: [{name: x y, base: 1}, {name: b, base: 2, floor: 3}]\nperiod: 1s\n"))
	if got := strings.Count(err.Error(), "\n") + 1; got != 5 {
		t.Errorf("Parse names %d problems; want 5:\n%v", got, err)
	}
}

func TestRulesFitTheirEvent(t *testing.T) {
	r, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Fit("hamlet", []string{"stalls", "boxes"}); err != nil {
		t.Errorf("Fit(its own event) = %v; want nil", err)
	}
	want := "event: \"hamlet\": these would be the rules of lear\ntiers[0].name: \"stalls\": is no tier of the event: want boxes"
	if err := r.Fit("lear", []string{"boxes"}); err == nil || err.Error() != want {
		t.Errorf("Fit(another event) = %v; want %s", err, want)
	}
}

// Whatever is written, Parse says what is wrong with it or returns rules that
// can be followed.
func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(strings.Replace(small, "demand_ratio", "time_on_sale", 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			return
		}
		e, err := Compile(r)
		if err != nil {
			t.Fatalf("Compile(what Parse took) = %v", err)
		}
		e.Price(Inputs{}, State{}, start)
	})
}

// The organizer's page names everything that conditions may use.
func TestThePageNamesEveryVariable(t *testing.T) {
	page, err := os.ReadFile("../docs/pricing.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range Variables() {
		if !strings.Contains(string(page), "`"+v.Name+"`") {
			t.Errorf("docs/pricing.md lacks %s", v.Name)
		}
	}
}
