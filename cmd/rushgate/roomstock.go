package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/bilten/rushgate/stock"
)

// counted is a count as the organizer API takes and gives it.
type counted struct {
	Remaining int64 `json:"remaining"`
	Held      int64 `json:"held"`
}

// noStock takes back what was said of the stock.
const noStock = "unknown"

// stock shows the event's stock, or says what it is, as a shop's header would.
func (c roomCommand) stock(a *app, api *organizerClient) error {
	var answer struct {
		counted
		Known bool               `json:"known"`
		Tiers map[string]counted `json:"tiers"`
	}
	path, err := c.Event+"/inventory", error(nil)
	switch {
	case len(c.Value) == 0:
		_, err = api.do(a.ctx, http.MethodGet, path, nil, &answer)
	case c.Value[0] == noStock:
		_, err = api.do(a.ctx, http.MethodDelete, path, nil, nil)
	default:
		report, problem := stock.Parse(c.Value)
		if problem != nil {
			return fmt.Errorf("stock: %q: %w", c.Value[0], problem)
		}
		_, err = api.do(a.ctx, http.MethodPost, path, inventoryBody(report), &answer)
	}
	if err != nil {
		return err
	}
	for _, tier := range slices.Sorted(maps.Keys(answer.Tiers)) {
		n := answer.Tiers[tier]
		printf(a.stdout, "%-20s %10d remaining %10d held\n", tier, n.Remaining, n.Held)
	}
	if !answer.Known {
		printf(a.stdout, "%s: the stock is not known\n", c.Event)
		return nil
	}
	printf(a.stdout, "%-20s %10d remaining %10d held\n", c.Event, answer.Remaining, answer.Held)
	return nil
}

func inventoryBody(report stock.Report) any {
	tiers := map[string]counted{}
	for _, n := range report.Counts {
		if n.Tier == "" {
			return counted{n.Remaining, n.Held}
		}
		tiers[n.Tier] = counted{n.Remaining, n.Held}
	}
	return map[string]any{"tiers": tiers}
}
