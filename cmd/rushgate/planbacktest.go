package main

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/bilten/rushgate/prescale/backtest"
)

type planBacktest struct {
	HTML   string `name:"html" placeholder:"FILE" help:"Write a page with plots too."`
	JSON   bool   `name:"json" help:"Every forecast and what came, as JSON, instead of the tables."`
	Notice bool   `help:"Print the notice and the licence that go with the traffic, and nothing else."`
}

func (planBacktest) Help() string {
	return `Learns on the group stage of the 1998 football World Cup (requests per minute to its web
site), forecasts the peak of each knock-out match, and prints how far off that was, how
often the planned capacity would have carried the peak, and what it would have wasted,
beside three ways to do without a forecast. The traffic is part of the program.

Example:

    rushgate plan backtest
    rushgate plan backtest --html backtest.html`
}

// Run plays the whole back-test before it writes anything.
func (c planBacktest) Run(a *app) error {
	if c.Notice {
		printf(a.stdout, "%s\n%s", strings.TrimSpace(backtest.Notice), "\n"+backtest.License)
		return nil
	}
	result, err := backtest.Play(func(step string) { printf(a.stderr, "%s\n", step) })
	if err != nil {
		return err
	}
	if c.HTML != "" {
		if err := writeFile(c.HTML, func(w io.Writer) error { return backtest.Page(w, result) }); err != nil {
			return err
		}
	}
	if c.JSON {
		return json.NewEncoder(a.stdout).Encode(result)
	}
	return backtest.Print(a.stdout, result)
}
