package web

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/pricing"
	"github.com/bilten/rushgate/pricing/board"
	"github.com/bilten/rushgate/web/page"
)

// offersMaxAge is how long a cache may answer for us: prices change once in
// minutes, and what a place is held to does not hang on it.
const offersMaxAge = 2 * time.Second

// Offers is what everybody may know of an event's prices. Amounts are in minor
// units of the currency.
type Offers struct {
	Event     string           `json:"event"`
	Version   uint32           `json:"version"` // as in now
	At        time.Time        `json:"at"`      // when it was published
	Currency  pricing.Currency `json:"currency"`
	AllIn     string           `json:"all_in"` // what the prices include
	Lock      event.PriceLock  `json:"lock"`
	LockWords string           `json:"lock_words"`
	Frozen    bool             `json:"frozen"`
	Tiers     []Offer          `json:"tiers"`
	History   []board.Change   `json:"history"` // the newest first
}

// Offer is one tier's.
type Offer struct {
	page.TierPrice
	Text      string    `json:"text"`       // the price as people write it: "89.00 EUR"
	ChangedAt time.Time `json:"changed_at"` // when this price was published
}

func tierPrice(t board.Tier) page.TierPrice {
	return page.TierPrice{
		Tier: t.Name, Title: t.Title, Price: t.Price, Range: page.Span{From: t.Range.Low, To: t.Range.High}, Reason: t.Reason, Words: t.Words,
	}
}

// pagePrices is what the page shows of a board.
func pagePrices(b *board.Board, lock event.PriceLock) *page.Prices {
	p := &page.Prices{Version: b.Version, Currency: b.Currency, AllIn: b.AllIn, Lock: lock}
	for _, t := range b.Tiers {
		p.Tiers = append(p.Tiers, tierPrice(t))
	}
	return p
}

func newOffers(b *board.Board, lock event.PriceLock, words string) Offers {
	o := Offers{
		Event: b.Event, Version: b.Version, At: b.At, Currency: b.Currency, AllIn: b.AllIn,
		Lock: lock, LockWords: words, Frozen: b.Frozen, Tiers: []Offer{}, History: b.History,
	}
	for _, t := range b.Tiers {
		o.Tiers = append(o.Tiers, Offer{TierPrice: tierPrice(t), Text: t.Text, ChangedAt: t.Since})
	}
	return o
}

// offersAnswer is Offers as bytes, made once for each board.
type offersAnswer struct {
	board *board.Board
	lock  event.PriceLock
	body  []byte
	etag  string
}

// offers keeps the last answer of each event.
type offers struct{ byEvent sync.Map }

func (o *offers) of(b *board.Board, lock event.PriceLock, words string) (*offersAnswer, error) {
	if have, ok := o.byEvent.Load(b.Event); ok {
		if a, ok := have.(*offersAnswer); ok && a.board == b && a.lock == lock {
			return a, nil
		}
	}
	body, err := json.Marshal(newOffers(b, lock, words))
	if err != nil {
		return nil, err
	}
	sum := fnv.New64a()
	_, _ = sum.Write(body)
	a := &offersAnswer{board: b, lock: lock, body: append(body, '\n'), etag: fmt.Sprintf(`"%x"`, sum.Sum64())}
	o.byEvent.Store(b.Event, a)
	return a, nil
}

func (g *Gateway) seePrices(c echo.Context) error {
	rm, ok := g.roomOf(c)
	if !ok {
		return refuse(http.StatusNotFound, "no_event", "There is no such event here.")
	}
	e := rm.View().Event
	crossOrigin(c.Response(), c.Request(), e.Browser.CORSOrigins)
	b, ok := g.prices.Board(e.ID)
	if !ok {
		return refuse(http.StatusNotFound, "no_prices", "This event has no prices here.")
	}
	answer, err := g.offers.of(b, e.Room.PriceLock, g.pages.LockWords(e.Page.Language, e.Room.PriceLock))
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(offersMaxAge.Seconds())))
	h.Set("ETag", answer.etag)
	if c.Request().Header.Get("If-None-Match") == answer.etag {
		return c.NoContent(http.StatusNotModified)
	}
	return c.JSONBlob(http.StatusOK, answer.body)
}
