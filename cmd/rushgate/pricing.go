package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/simulate"
)

type pricingCommand struct {
	Check    pricingCheck    `cmd:"" help:"Say everything that is wrong with price rules, and where they can lead."`
	Simulate pricingSimulate `cmd:"" help:"Say what price rules would have published in a sale, and what it would have earned."`

	Show    pricingShow    `cmd:"" help:"An event's prices, and the draft of rules that waits for approval."`
	Publish pricingPublish `cmd:"" help:"Bring price rules into force."`
	Approve pricingApprove `cmd:"" help:"Approve the draft of this number."`
	Freeze  pricingFreeze  `cmd:"" help:"Keep all prices as they are; wants --reason."`
	Thaw    pricingThaw    `cmd:"" help:"Give frozen prices back to the rules; wants --reason."`
	Set     pricingSet     `cmd:"" help:"Set a price by hand, within floor and cap; wants --reason."`
	Unset   pricingUnset   `cmd:"" help:"Give a price back to the rules; wants --reason."`
	Ledger  pricingLedger  `cmd:"" help:"Everything that was published, with inputs, stages and who did it."`
}

type pricingCheck struct {
	Files []string `arg:"" name:"rules" help:"Files with price rules."`
}

func (pricingCheck) Help() string {
	return `Every problem is printed as file, line, field, value and reason. Of rules without
one, the opening price of each tier and the range that fans would be shown.

Example:

    rushgate pricing check deploy/examples/prices/rules.yaml`
}

// Run checks every file before it fails.
func (c pricingCheck) Run(a *app) error {
	bad := false
	for _, file := range c.Files {
		engine, err := readRules(file)
		if err != nil {
			bad = true
			printf(a.stdout, "%v\n", err)
			continue
		}
		printf(a.stdout, "%s: ok\n", file)
		_, opening := engine.Price(pricing.Inputs{}, pricing.State{}, time.Time{})
		offers, money := engine.Offers(opening), engine.Currency()
		for _, t := range engine.Rules().Tiers {
			offer := offers[t.Name]
			printf(a.stdout, "  %-20s opens at %s, from %s to %s\n", t.Name, money.Text(offer.Price), money.Plain(offer.Range.Low), money.Text(offer.Range.High))
		}
	}
	if bad {
		return errReported
	}
	return nil
}

func readRules(file string) (*pricing.Engine, error) {
	data, err := readSmall(file)
	if err != nil {
		return nil, err
	}
	rules, err := pricing.Parse(data)
	if err != nil {
		return nil, inFile(file, err)
	}
	return pricing.Compile(rules)
}

type pricingSimulate struct {
	Rules    string         `arg:"" help:"Price rules."`
	Scenario string         `default:"rush" placeholder:"FILE" help:"Counts over time as CSV, or rush: an onsale that is made up (rush)."`
	Stock    map[string]int `placeholder:"TIER=N" help:"Arrivals, rush: tickets of a tier (4000 each)."`
	Rate     int            `name:"per-minute" default:"200" help:"Arrivals, rush: visitors let in per minute (200)."`
	Each     int64          `default:"2" help:"Arrivals, rush: tickets that a visitor takes (2)."`
	Hold     time.Duration  `default:"5m" help:"Arrivals, rush: how long they are held until they are paid for (5m)."`
	GiveBack int64          `name:"give-back" default:"20" help:"Arrivals, rush: percent of them that are not paid for (20)."`
	Opening  time.Duration  `placeholder:"TIME" help:"How long after the first count the sale opens, and prices begin to move (0s)."`
	HTML     string         `name:"html" placeholder:"FILE" help:"Write a page with plots too."`
}

func (pricingSimulate) Help() string {
	return `Plays price rules through a sale. A CSV has time and arrivals, which go through a
shop as the flags say; or time and what was recorded: waiting, active, and of each
tier TIER.sold, TIER.held, TIER.remaining. A cell may be empty: not known.

Example:

    rushgate pricing simulate deploy/examples/prices/rules.yaml --html prices.html
    rushgate pricing simulate deploy/examples/prices/rules.yaml --scenario deploy/examples/prices/news.csv`
}

// Run plays the scenario before it writes anything.
func (c pricingSimulate) Run(a *app) error {
	engine, err := readRules(c.Rules)
	if err != nil {
		return err
	}
	shop, err := c.shop(engine.Rules())
	if err != nil {
		return err
	}
	scenario, err := c.scenario(shop)
	if err != nil {
		return err
	}
	if last := scenario.Moments[len(scenario.Moments)-1].At; c.Opening < 0 || c.Opening >= last {
		return fmt.Errorf("--opening: %v: want 0s or more, and less than the %v that the scenario lasts", c.Opening, last)
	}
	scenario.Opening = c.Opening
	result := simulate.Play(engine, scenario)
	if err := simulate.Print(a.stdout, result); err != nil {
		return err
	}
	if c.HTML != "" {
		return writeFile(c.HTML, func(w io.Writer) error { return simulate.Page(w, result) })
	}
	return nil
}

func (c pricingSimulate) shop(rules pricing.Rules) (simulate.Shop, error) {
	shop := simulate.Shop{PerMinute: c.Rate, Each: c.Each, Hold: c.Hold, GiveBack: c.GiveBack, Stock: map[string]int{}}
	for _, t := range rules.Tiers {
		shop.Order = append(shop.Order, t.Name)
		shop.Stock[t.Name] = 4000
	}
	for tier, n := range c.Stock {
		if _, known := shop.Stock[tier]; !known {
			return shop, fmt.Errorf("--stock: %q: is no tier of %s", tier, c.Rules)
		}
		shop.Stock[tier] = n
	}
	return shop, shop.Validate()
}

func (c pricingSimulate) scenario(shop simulate.Shop) (simulate.Scenario, error) {
	if c.Scenario == "rush" {
		return shop.Sell("a rush", "An onsale that is made up: 20,000 visitors, a third of them there when it opens.", simulate.Rush()), nil
	}
	file, err := os.Open(c.Scenario)
	if err != nil {
		return simulate.Scenario{}, fmt.Errorf("--scenario: %q: must be a readable file: %s", c.Scenario, plainPathError(err))
	}
	defer func() { _ = file.Close() }()
	scenario, err := simulate.Read(file, filepath.Base(c.Scenario), shop)
	if err != nil {
		return scenario, inFile(c.Scenario, err)
	}
	return scenario, nil
}
