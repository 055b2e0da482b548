package shop

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Tier is a group of like seats at one price.
type Tier struct {
	Name  string // as in the event's tiers and in the prices of admissions
	Title string // as visitors read it; default: Name
	Seats int
	Cents int64 // price of one seat, in euro cents, for who is promised no other
}

// MaxSeats is the most seats that one session may hold.
const MaxSeats = 4

// hold keeps seats from everybody else until its deadline.
type hold struct {
	reference string // of the order it becomes
	basket
	until time.Time
}

// basket is what somebody buys, at the price of the moment when it was held.
type basket struct {
	tier  int
	seats int
	cents int64 // for one seat
}

// order is a hold that was paid.
type order struct {
	basket
	settled bool // the payment provider's webhook has come
}

// stock is every seat of the event: free, held by a session or sold. At any
// moment the three add up to what the tiers began with.
type stock struct {
	holdFor time.Duration
	tiers   []Tier

	mu     sync.Mutex
	free   []int             // by tier
	sold   []int             // by tier
	holds  map[string]hold   // by session
	lapses []lapse           // oldest first: every hold lasts equally long
	orders map[string]*order // by reference
	seq    int64             // grows with every change, also from one run of the shop to the next
}

type lapse struct {
	session string
	at      time.Time
}

func newStock(tiers []Tier, holdFor time.Duration, now time.Time) *stock {
	s := &stock{
		seq:     now.UnixMilli(),
		holdFor: holdFor,
		tiers:   tiers,
		sold:    make([]int, len(tiers)),
		holds:   map[string]hold{},
		orders:  map[string]*order{},
	}
	for _, tier := range tiers {
		s.free = append(s.free, tier.Seats)
	}
	return s
}

// hold takes seats of a tier for a session, in exchange for what the session
// held before. With too few seats free, nothing changes and ok is false.
func (s *stock) hold(session, reference string, want basket, now time.Time) (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lapse(now)
	old, had := s.holds[session]
	free := s.free[want.tier]
	if had && old.tier == want.tier {
		free += old.seats
	}
	if want.seats > free {
		return false
	}
	s.release(session)
	s.seq++
	s.free[want.tier] -= want.seats
	until := now.Add(s.holdFor)
	s.holds[session] = hold{reference: reference, basket: want, until: until}
	s.lapses = append(s.lapses, lapse{session: session, at: until})
	return true
}

// held is what the session holds now.
func (s *stock) held(session string, now time.Time) (hold, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lapse(now)
	h, ok := s.holds[session]
	return h, ok
}

// cancel gives a session's hold back.
func (s *stock) cancel(session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.release(session)
}

// sell turns a session's hold into the order of that reference. Selling an
// order again changes nothing, so a double click pays once. Without hold and
// order ok is false.
func (s *stock) sell(session, reference string, now time.Time) (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lapse(now)
	if _, paid := s.orders[reference]; paid {
		return true
	}
	h, ok := s.holds[session]
	if !ok || h.reference != reference {
		return false
	}
	delete(s.holds, session)
	s.seq++
	s.sold[h.tier] += h.seats
	s.orders[reference] = &order{basket: h.basket}
	return true
}

// settle notes the payment provider's word on an order.
func (s *stock) settle(reference string) (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	paid, ok := s.orders[reference]
	if ok {
		paid.settled = true
	}
	return ok
}

func (s *stock) order(reference string) (order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if paid, ok := s.orders[reference]; ok {
		return *paid, true
	}
	return order{}, false
}

// TierStock is one tier's seats at a moment.
type TierStock struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Cents int64  `json:"cents"`
	// Promised: Cents is the price of the visitor who looks, not the shop's.
	Promised bool `json:"-"`
	Seats    int  `json:"seats"`
	Free     int  `json:"free"`
	Held     int  `json:"held"`
	Sold     int  `json:"sold"`
}

func (s *stock) count(now time.Time) []TierStock {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lapse(now)
	counts := make([]TierStock, len(s.tiers))
	for i, tier := range s.tiers {
		counts[i] = TierStock{
			Name: tier.Name, Title: tier.Title, Cents: tier.Cents, Seats: tier.Seats,
			Free: s.free[i], Sold: s.sold[i], Held: tier.Seats - s.free[i] - s.sold[i],
		}
	}
	return counts
}

// inventory is what the gateway is told: seats free and held, and which word of
// ours is the newer one, since answers may overtake each other.
func (s *stock) inventory(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lapse(now)
	free, held := 0, 0
	for _, n := range s.free {
		free += n
	}
	for _, h := range s.holds {
		held += h.seats
	}
	return fmt.Sprintf("%d;held=%d;seq=%d", free, held, s.seq)
}

// inventoryByTier is inventory, tier by tier.
func (s *stock) inventoryByTier(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lapse(now)
	tiers := make([]string, len(s.tiers))
	for i, tier := range s.tiers {
		tiers[i] = fmt.Sprintf("%s=%d;held=%d;seq=%d", tier.Name, s.free[i], tier.Seats-s.free[i]-s.sold[i], s.seq)
	}
	return strings.Join(tiers, ", ")
}

// lapse returns the seats of every hold whose deadline has come.
func (s *stock) lapse(now time.Time) {
	for len(s.lapses) > 0 && !s.lapses[0].at.After(now) {
		due := s.lapses[0]
		s.lapses = s.lapses[1:]
		// The session may have paid since, or hold other seats until later.
		if h, ok := s.holds[due.session]; ok && h.until.Equal(due.at) {
			s.release(due.session)
		}
	}
}

func (s *stock) release(session string) {
	if h, ok := s.holds[session]; ok {
		s.seq++
		s.free[h.tier] += h.seats
		delete(s.holds, session)
	}
}
