package event

import (
	"fmt"
	"regexp"
)

// MaxTiers bounds the tiers of an event.
const MaxTiers = 16

// MaxTicketsPerVisitor bounds what one visitor may buy.
const MaxTicketsPerVisitor = 100

// Tier is a group of like tickets, such as the balcony.
type Tier struct {
	// Name is a letter and up to 19 of a-z, 0-9 and -: that is how shops and price
	// rules call it.
	Name  string `json:"name" yaml:"name"`
	Title string `json:"title" yaml:"title"` // what people call it; default the name
	// Tickets is how many there are in all, so that what is sold can be told from
	// what is left; 0: not said.
	Tickets int `json:"tickets" yaml:"tickets"`
}

// TierNames are the names of the event's tiers, in its order.
func (e Event) TierNames() []string {
	var names []string
	for _, tier := range e.Tiers {
		names = append(names, tier.Name)
	}
	return names
}

// MaxTickets bounds the tickets of a tier.
const MaxTickets = 1_000_000_000

// Availability is whether the shop has anything to sell. What is known of the
// stock sets it, and so may an organizer.
type Availability string

const (
	Available Availability = "available"
	AllHeld   Availability = "all_held" // nothing is free, but others may still give back what they hold
	SoldOut   Availability = "sold_out" // nothing is left, and nobody holds anything
)

// PriceLock is what the place of a visitor holds prices to, if the event has any.
type PriceLock string

const (
	// LockTurn: never above the range seen on joining; the price of the turn is
	// fixed for turn and session.
	LockTurn PriceLock = "turn"
	// LockJoin: never above the price seen on joining.
	LockJoin PriceLock = "join"
)

// letter first: it is a key of the header Rushgate-Inventory, see RFC 9651.
var tierPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,19}$`)

func (c *checks) tickets(e Event) {
	c.between("tickets_per_visitor", e.TicketsPerVisitor, 1, MaxTicketsPerVisitor)
	c.oneOf("room.availability", string(e.Room.Availability), string(Available), string(AllHeld), string(SoldOut))
	c.oneOf("room.price_lock", string(e.Room.PriceLock), string(LockTurn), string(LockJoin))
	c.between("tiers", len(e.Tiers), 0, MaxTiers)
	seen := map[string]bool{}
	for i, tier := range e.Tiers {
		at := fmt.Sprintf("tiers[%d]", i)
		c.unless(tierPattern.MatchString(tier.Name), at+".name", quote(tier.Name), "want a letter and up to 19 of a-z, 0-9 and -")
		c.unless(!seen[tier.Name], at+".name", quote(tier.Name), "is there already")
		c.text(at+".title", tier.Title, 100)
		c.between(at+".tickets", tier.Tickets, 0, MaxTickets)
		seen[tier.Name] = true
	}
}
