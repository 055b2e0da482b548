package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	proof "github.com/bilten/rushgate/draw"
)

type verifyDraw struct {
	Published string `arg:"" help:"What the event published about its draw, as JSON; - for standard input."`
	List      string `arg:"" optional:"" help:"The list of entries; - for standard input. Not needed while nothing is drawn."`
	Receipt   string `help:"A receipt to check as well: its line, or the name of a file that holds it." placeholder:"LINE|FILE"`
	Earlier   string `help:"What the event published earlier, to see that it kept to it." placeholder:"FILE"`
}

func (verifyDraw) Help() string {
	return `Says whether a published draw follows from its seed, and names the first lie if not.
It reads files and nothing from the network; fetch them where they are published:

    curl -H 'Accept: application/json' https://shop.example/_rushgate/summer-tour/draw > draw.json
    curl https://shop.example/_rushgate/summer-tour/draw/list > list.txt

Example:

    rushgate verify-draw draw.json list.txt --receipt rushgate-draw-1:summer-tour:3f0c…`
}

// Run prints each thing that holds; the first that doesn't ends it.
func (c verifyDraw) Run(a *app) error {
	if c.Published == "-" && c.List == "-" {
		return errors.New("standard input can be one of the two, not both")
	}
	published, err := readPublished(c.Published)
	if err != nil {
		return err
	}
	if c.Earlier != "" {
		earlier, err := readPublished(c.Earlier)
		if err != nil {
			return err
		}
		if err := proof.Unchanged(earlier, published); err != nil {
			return fmt.Errorf("%s: %w", c.Published, err)
		}
		printf(a.stdout, "kept      what was published earlier still stands\n")
	}
	list, err := c.check(a, published)
	if err != nil {
		return err
	}
	if c.Receipt == "" {
		return nil
	}
	return c.checkReceipt(a, published, list)
}

func (c verifyDraw) check(a *app, published proof.Published) (proof.List, error) {
	if published.Phase != proof.Drawn {
		printf(a.stdout, "phase     %s: nothing is drawn yet, so there is no order to check\n", published.Phase)
		return nil, nil
	}
	if c.List == "" {
		return nil, errors.New("the draw has taken place: its list is needed too")
	}
	list, err := readList(c.List)
	if err != nil {
		return nil, err
	}
	if err := proof.Check(published, list); err != nil {
		return nil, fmt.Errorf("%s: %w", c.List, err)
	}
	printf(a.stdout, "seed      is the one of the commitment %s\n", published.Commitment)
	printf(a.stdout, "order     all %d entries stand where the seed puts them, each once\n", len(list))
	printf(a.stdout, "root      nobody was added, left out or exchanged after %s\n", published.Entries.Root)
	if published.Public == nil {
		printf(a.stdout, "value     none was named: this does not rule out an insider who held the draw key before the start\n")
	} else {
		printf(a.stdout, "value     %q turns the order; look it up: %s\n", published.Public.Value, published.Public.Source)
	}
	return list, nil
}

func (c verifyDraw) checkReceipt(a *app, published proof.Published, list proof.List) error {
	text, err := c.receiptText()
	if err != nil {
		return err
	}
	receipt, err := proof.ParseReceipt(text)
	if err != nil {
		return err
	}
	number, err := proof.CheckReceipt(receipt, published, list)
	if err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	if number == 0 {
		printf(a.stdout, "receipt   is of this event and of this commitment\n")
		return nil
	}
	printf(a.stdout, "receipt   is in the list, number %d of %d\n", number, len(list))
	return nil
}

// receiptText takes the receipt from the flag or from the file that it names.
func (c verifyDraw) receiptText() (string, error) {
	if strings.ContainsAny(c.Receipt, ":{") {
		if _, err := os.Stat(c.Receipt); err != nil {
			return c.Receipt, nil
		}
	}
	data, err := readSmall(c.Receipt)
	return string(data), err
}

func readPublished(name string) (published proof.Published, err error) {
	err = withInput(name, func(r io.Reader) error {
		data, err := io.ReadAll(io.LimitReader(r, maxConfigBytes))
		if err != nil {
			return err
		}
		published, err = proof.ParsePublished(data)
		return err
	})
	return published, err
}

func readList(name string) (list proof.List, err error) {
	err = withInput(name, func(r io.Reader) error {
		list, err = proof.ReadList(r)
		return err
	})
	return list, err
}

// withInput opens a file or takes standard input. Nothing is fetched: a checker
// that asks the house would be shown what the house likes.
func withInput(name string, read func(io.Reader) error) error {
	if strings.Contains(name, "://") {
		return fmt.Errorf("%s: is an address; this reads files alone, so fetch it first", name)
	}
	if name == "-" {
		if err := read(os.Stdin); err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := read(f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
