package simulate

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// longestPrint is how many changes a terminal is told.
const longestPrint = 40

// Print writes what became of each tier, and every change of a price with its
// reason.
func Print(w io.Writer, r Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(t, format+"\t\n", args...) } // Flush reports it
	line("tier\tbase\tlowest\thighest\taverage\tchanges\tsold\tearned\tat the base\tmore")
	var earned, base int64
	for _, o := range r.Tiers {
		line("%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s", o.Tier, r.Currency.Plain(o.Base), r.Currency.Plain(o.Low), r.Currency.Plain(o.High),
			r.Currency.Plain(o.Average()), o.Changes, o.Sold, r.Currency.Plain(o.Earned), r.Currency.Plain(o.AtBase), more(o.Earned, o.AtBase))
		earned, base = earned+o.Earned, base+o.AtBase
	}
	line("all\t\t\t\t\t\t\t%s\t%s\t%s", r.Currency.Plain(earned), r.Currency.Plain(base), more(earned, base))
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print prices: %w", err)
	}
	changes := r.Changes()
	for i, c := range changes {
		if i == longestPrint {
			_, _ = fmt.Fprintf(w, "and %d more changes: --html shows them\n", len(changes)-i)
			break
		}
		_, _ = fmt.Fprintf(w, "%8s  %-12s %s -> %s  %s (%s)\n", clock(c.At), c.Tier, r.Currency.Plain(c.Was), r.Currency.Plain(c.Price), c.Words, c.Reason)
	}
	_, err := fmt.Fprintf(w, "\nNobody here decides by the price: the same tickets are sold at the same times.\n")
	return err
}

func more(earned, base int64) string {
	if base == 0 {
		return "-"
	}
	tenths := (earned - base) * 1000 / base
	sign := "+"
	if tenths < 0 {
		sign, tenths = "-", -tenths
	}
	return fmt.Sprintf("%s%d.%d%%", sign, tenths/10, tenths%10)
}

// Change is one tier's price that became another.
type Change struct {
	At         time.Duration
	Tier       string
	Was, Price int64
	Reason     string
	Words      string
}

// Changes are all of them, in the order of time.
func (r Result) Changes() []Change {
	var all []Change
	for _, look := range r.Looks {
		for _, q := range look.Quotes {
			if q.Changed() {
				all = append(all, Change{look.At, q.Tier, q.Was, q.Price, string(q.Reason), q.Words})
			}
		}
	}
	return all
}

// clock writes hours and minutes of a sale.
func clock(d time.Duration) string {
	return fmt.Sprintf("%d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}
