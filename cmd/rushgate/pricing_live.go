package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
)

// priced is an event's prices at a running installation.
type priced struct {
	Event string `arg:"" help:"Event id."`

	API    string `name:"api" fromenv:"RUSHGATE_API_URL" default:"http://127.0.0.1:8081" placeholder:"URL" help:"Organizer API (RUSHGATE_API_URL)."`
	Key    string `fromenv:"RUSHGATE_API_KEY" required:"" placeholder:"KEY" help:"API key (RUSHGATE_API_KEY, which does not show in the process list)."`
	Reason string `placeholder:"TEXT" help:"Why; it stands in the ledger."`
}

// standingPrices is the API's word on them.
type standingPrices struct {
	Event string `json:"event"`
	board.Standing
	Board *board.Board `json:"board"`
}

// ask sends a request below the event's prices and prints how they stand then.
func (p priced) ask(a *app, method, path string, body any) error {
	is, err := p.standing(a, method, path, body)
	if err == nil {
		is.print(a.stdout)
	}
	return err
}

func (p priced) standing(a *app, method, path string, body any) (standingPrices, error) {
	var is standingPrices
	api, err := dialOrganizer(a.ctx, p.API, p.Key, p.Reason)
	if err != nil {
		return is, err
	}
	_, err = api.do(a.ctx, method, p.Event+"/pricing"+path, body, &is)
	return is, err
}

func (s standingPrices) print(out io.Writer) {
	printf(out, "%s: %s, %s\n", s.Event, named("rules", s.Rules), named("draft", s.Draft))
	if s.Late != "" {
		printf(out, "  rules approved now need --waiver: %s\n", s.Late)
	}
	if s.Rules != nil && s.Rules.Missed != "" {
		printf(out, "  WARNING the notice of 24 hours is not kept: %s\n", s.Rules.Missed)
	}
	if s.Frozen != nil {
		printf(out, "  frozen by %s at %s: %s\n", s.Frozen.By, s.Frozen.At.Local().Format(time.DateTime), s.Frozen.Why)
	}
	if s.Board == nil {
		return
	}
	for _, t := range s.Board.Tiers {
		by := t.Words
		if set, ok := s.Set[t.Name]; ok {
			by = fmt.Sprintf("set by %s: %s", set.By, set.Why)
		}
		money := s.Board.Currency
		printf(out, "  %-20s %12s   from %s to %s   %s\n", t.Name, t.Text, money.Plain(t.Range.Low), money.Plain(t.Range.High), by)
	}
}

func named(what string, r *board.Rules) string {
	if r == nil {
		return "no " + what
	}
	return fmt.Sprintf("%s version %d by %s", what, r.Version, r.Drafted.By)
}

type pricingShow struct{ priced }

// Run prints prices, the rules behind them, and the draft for whoever is to approve it.
func (c pricingShow) Run(a *app) error {
	is, err := c.standing(a, http.MethodGet, "", nil)
	if err != nil {
		return err
	}
	is.print(a.stdout)
	if is.Draft != nil {
		is.printDraft(a.stdout)
	}
	return nil
}

func (s standingPrices) printDraft(out io.Writer) {
	by := s.Draft.Drafted
	printf(out, "\ndraft version %d, by %s at %s", s.Draft.Version, by.By, by.At.Local().Format(time.DateTime))
	if by.Why != "" {
		printf(out, ": %s", by.Why)
	}
	printf(out, "\n\n")
	for line := range strings.Lines(s.Draft.Document) {
		printf(out, "    %s\n", strings.TrimRight(line, "\r\n"))
	}
	printf(out, "\nWhoever has read it brings it into force: rushgate pricing approve %s %d\n", s.Event, s.Draft.Version)
}

const asYAML = "application/yaml"

type pricingPublish struct {
	priced
	File   string `arg:"" help:"Price rules."`
	Waiver string `placeholder:"TEXT" help:"Why the rules come less than a day before the start; it stands in the ledger."`
	Draft  bool   `help:"Leave them as a draft, for somebody else to approve."`
}

func (pricingPublish) Help() string {
	return `The rules are checked here and there, and what they would publish now is shown first.

Example:

    export RUSHGATE_API_KEY=rgk_…
    rushgate pricing publish summer-tour rules.yaml --reason "as agreed with the band"`
}

// Run drafts the rules, shows what they lead to, and brings them into force.
func (c pricingPublish) Run(a *app) error {
	engine, err := readRules(c.File)
	if err != nil {
		return err
	}
	document, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	api, err := dialOrganizer(a.ctx, c.API, c.Key, c.Reason)
	if err != nil {
		return err
	}
	var preview struct {
		Quotes []pricing.Quote          `json:"quotes"`
		Offers map[string]pricing.Offer `json:"offers"`
	}
	if _, err := api.send(a.ctx, http.MethodPost, c.Event+"/pricing/preview", asYAML, document, &preview); err != nil {
		return err
	}
	for _, q := range preview.Quotes {
		printf(a.stdout, "  %-20s would be %12s   %s\n", q.Tier, engine.Currency().Text(q.Price), q.Words)
	}
	var is standingPrices
	if _, err := api.send(a.ctx, http.MethodPut, c.Event+"/pricing/rules", asYAML, document, &is); err != nil {
		return err
	}
	if is.Draft == nil || is.Draft.Document != string(document) {
		return errOvertaken
	}
	if c.Draft {
		is.print(a.stdout)
		return nil
	}
	return c.ask(a, http.MethodPost, "/approve", map[string]any{"version": is.Draft.Version, "waiver": c.Waiver})
}

var errOvertaken = errors.New("somebody else has drafted or approved rules at the same moment: look with rushgate pricing show")

type pricingApprove struct {
	priced
	Version int    `arg:"" help:"Number of the draft, as show prints it: that which you have read."`
	Waiver  string `placeholder:"TEXT" help:"Why the rules come less than a day before the start; it stands in the ledger."`
}

// Run approves the draft of this version; one that has taken its place meanwhile is
// refused.
func (c pricingApprove) Run(a *app) error {
	return c.ask(a, http.MethodPost, "/approve", map[string]any{"version": c.Version, "waiver": c.Waiver})
}

type pricingFreeze struct{ priced }

// Run keeps prices as they are.
func (c pricingFreeze) Run(a *app) error { return c.ask(a, http.MethodPost, "/freeze", nil) }

type pricingThaw struct{ priced }

// Run gives them back to the rules.
func (c pricingThaw) Run(a *app) error { return c.ask(a, http.MethodPost, "/thaw", nil) }

type pricingSet struct {
	priced
	Tier  string `arg:"" help:"Tier."`
	Price string `arg:"" help:"As people write it: 89.50."`
}

// Run sets one price by hand.
func (c pricingSet) Run(a *app) error {
	return c.ask(a, http.MethodPut, "/override/"+url.PathEscape(c.Tier), map[string]string{"price": c.Price})
}

type pricingUnset struct {
	priced
	Tier string `arg:"" help:"Tier."`
}

// Run gives it back to the rules.
func (c pricingUnset) Run(a *app) error {
	return c.ask(a, http.MethodDelete, "/override/"+url.PathEscape(c.Tier), nil)
}

type pricingLedger struct {
	priced
	CSV bool `name:"csv" help:"As CSV, for a spreadsheet; without it JSON lines."`
}

// Run prints everything that was ever published, and why.
func (c pricingLedger) Run(a *app) error {
	api, err := dialOrganizer(a.ctx, c.API, c.Key, c.Reason)
	if err != nil {
		return err
	}
	format := "jsonl"
	if c.CSV {
		format = "csv"
	}
	return api.copy(a.ctx, c.Event+"/pricing/ledger?format="+format, a.stdout)
}
