package stock_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/stock"
)

var tiers = []event.Tier{{Name: "balcony"}, {Name: "floor"}}

func TestWhatAShopMayTell(t *testing.T) {
	for _, test := range []struct {
		says  string
		lines []string
		want  []stock.Count
	}{
		{"a bare number is the whole event", []string{"120"}, []stock.Count{{Remaining: 120}}},
		{"spaces around do no harm", []string{" 0 "}, []stock.Count{{}}},
		{"with what is held", []string{"0;held=14"}, []stock.Count{{Held: 14}}},
		{"numbered", []string{"7;held=1;seq=1764041234567"}, []stock.Count{{Remaining: 7, Held: 1, Seq: 1764041234567}}},
		{"by tier, numbered as a whole", []string{"floor=100;held=10, balcony=20;seq=9"},
			[]stock.Count{{Tier: "floor", Remaining: 100, Held: 10, Seq: 9}, {Tier: "balcony", Remaining: 20, Seq: 9}}},
		{"a line for each tier is one field", []string{"floor=1", "balcony=2"}, []stock.Count{{Tier: "floor", Remaining: 1}, {Tier: "balcony", Remaining: 2}}},
		{"other parameters are for others", []string{"5;currency=eur"}, []stock.Count{{Remaining: 5}}},
	} {
		got, err := stock.Parse(test.lines)
		if diff := cmp.Diff(test.want, got.Counts); diff != "" || err != nil {
			t.Errorf("%s: Parse(%q) = %v (-want +got)\n%s", test.says, test.lines, err, diff)
		}
	}
}

func TestJunkIsRefusedByName(t *testing.T) {
	for _, test := range []struct {
		says  string
		lines []string
		why   stock.Refusal
		names string // a part of the error
	}{
		{"no number", []string{"many"}, stock.Malformed, "whole number"},
		{"nothing", []string{""}, stock.Malformed, "0 bytes"},
		{"two stocks are no answer", []string{"3", "4"}, stock.Malformed, "unmarshal"},
		{"half a ticket", []string{"1.5"}, stock.Malformed, "whole number"},
		{"a held that is no number", []string{"floor=1;held=few"}, stock.Malformed, "floor;held"},
		{"a list of tiers", []string{"floor=(1 2)"}, stock.Malformed, "floor"},
		{"more than anybody needs", []string{strings.Repeat("a=1,", 600)}, stock.Malformed, "bytes"},
		{"less than nothing", []string{"-3"}, stock.OutOfRange, "remaining: -3: want 0 to 1000000000"},
		{"less than nothing held", []string{"floor=1;held=-1"}, stock.OutOfRange, "floor.held: -1"},
		{"more tickets than people", []string{"1000000001"}, stock.OutOfRange, "remaining: 1000000001"},
		{"a tier of another event", []string{"floor=1, garden=2"}, stock.UnknownTier, `"garden": is no tier`},
	} {
		report, err := stock.Parse(test.lines)
		if err == nil {
			err = report.Check(tiers)
		}
		if err == nil || stock.Why(err) != test.why || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%s: %q = %v (%s); want %s and %q", test.says, test.lines, err, stock.Why(err), test.why, test.names)
		}
	}
}

func TestCheckNamesEverything(t *testing.T) {
	err := stock.Report{Counts: []stock.Count{{Tier: "garden", Remaining: -1}, {Tier: "floor", Held: -2}, {Tier: "floor"}}}.Check(tiers)
	for _, want := range []string{`"garden"`, "garden.remaining: -1", "floor.held: -2", `"floor": want each tier once`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check = %v; want %q in it", err, want)
		}
	}
	var p *stock.Problem
	if err := (stock.Report{}).Check(tiers); !errors.As(err, &p) {
		t.Errorf("Check of nothing = %v; want a problem", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{"120", "0;held=14;seq=1", "floor=100;held=10, balcony=20", "-1", "a=(1)", "floor=?1"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		report, err := stock.Parse([]string{line})
		if err != nil || report.Check(tiers) != nil {
			return
		}
		merged, told := stock.Stock{}.Merge(report.Heard(1))
		if total, _ := merged.Total(tiers); !told || total.Remaining < 0 || total.Held < 0 {
			t.Errorf("%q is taken as %+v, told %t", line, total, told)
		}
	})
}
