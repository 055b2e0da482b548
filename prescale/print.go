package prescale

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bilten/rushgate/event"
)

// Print writes an event's plan for people, what to do about it last, where a
// terminal leaves it in sight.
func Print(w io.Writer, e event.Event, p Plan) error {
	var out bytes.Buffer
	starts := "no event_start_time yet"
	if !p.Start.IsZero() {
		starts = "starts " + e.Room.EventStartTime.String()
	}
	printf(&out, "%s (%s), %s\n\n", e.Name, e.ID, starts)
	printForecast(&out, p.Forecast)
	printDemand(&out, p.Demand)
	printServices(&out, p)
	printSchedule(&out, p)
	printf(&out, "What to do\n")
	for i, r := range p.Advice {
		printf(&out, "%3d. %s\n", i+1, r.Text)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("print the plan: %w", err)
	}
	return nil
}

// printf writes to a buffer, which never fails.
func printf(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

func printForecast(w io.Writer, f Forecast) {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, r Range, weight string) {
		printf(tab, "%-28s\t%s\t%s\t%s\t\n", name, Thousands(r.P50), Thousands(r.P90), weight)
	}
	printf(tab, "%-28s\tp50\tp90\tweight\t\n", "Forecast")
	row("visitors", f.Visitors, "")
	for _, s := range f.Sources {
		row("  by "+sourceWords(s), s.Visitors, fmt.Sprintf("%.0f %%", s.Weight*100))
	}
	row("there at the opening", f.AtOpening, "")
	if len(f.Curve) > 0 {
		row("then, a second", Range{P50: f.Curve[0].P50, P90: f.Curve[0].P90}, "")
	}
	_ = tab.Flush()
	printf(w, "  how they come: %s\n\n", f.Shape)
}

func sourceWords(s Source) string {
	if s.Events == 0 {
		return s.Name
	}
	return fmt.Sprintf("%s (%d past)", s.Name, s.Events)
}

// limits says in words what bounds a demand.
var limits = map[Limit]string{
	ByArrivals: "as many as come",
	ByStock:    "no more than the stock can serve",
	ByRoomCap:  "no more than the room's total_active_users",
	ByRoomRate: "no more than the room's new_users_per_minute brings in",
}

func printDemand(w io.Writer, d Demand) {
	whole := Thousands
	printf(w, "  Sessions at once: p50 %s, p90 %s; to carry, with %.0f %% on top: %s, %s\n", whole(d.Sessions.P50), whole(d.Sessions.P90),
		(Buffer-1)*100, whole(float64(d.Required)), limits[d.Limit])
	printf(w, "  = arrivals x session length (Little's law); a session lasts %s by %s\n\n", d.Session, d.Source)
}

func printServices(w io.Writer, p Plan) {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	printf(tab, "  Service\tneeds\tgets\tof\tready in\tsteps\tcost\n")
	for _, row := range p.Services {
		cost, steps := "?", []string{fmt.Sprint(row.Min)}
		if row.Cost != nil {
			cost = row.Cost.String()
		}
		for _, s := range row.Up {
			steps = append(steps, fmt.Sprint(s.Instances))
		}
		printf(tab, "  %s\t%d\t%d\t%d..%d\t%s\t%s\t%s\n", row.Name, row.Needed, row.Instances, row.Min, row.Max, row.Lead, strings.Join(steps, " "), cost)
	}
	_ = tab.Flush()
	var costs []string
	for _, c := range p.Costs {
		costs = append(costs, c.String())
	}
	if len(costs) > 0 {
		printf(w, "  in all %s, from the first step to the last, the usual instances included\n", strings.Join(costs, " + "))
	}
	printf(w, "\n")
}

func printSchedule(w io.Writer, p Plan) {
	s := p.Schedule
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(at Span, what string) {
		after := at.String()
		if at >= 0 {
			after = "+" + after
		}
		clock := ""
		if !p.Start.IsZero() {
			clock = p.At(at).Format(time.DateTime)
		}
		printf(tab, "  %s\t%s\t%s\n", after, clock, what)
	}
	line(s.ScaleUp, "scale up")
	line(s.Ready, "everything ready")
	line(0, "the sale starts")
	if s.Clears > 0 {
		line(s.Clears, "the line of a p90 crowd is through, or the stock sold")
	}
	line(s.Release, "capacity is given back")
	line(s.Finished, "back at the minimum")
	_ = tab.Flush()
	printf(w, "\n")
}
