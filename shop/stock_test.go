package shop

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

var opening = time.Date(2027, time.March, 1, 9, 0, 0, 0, time.UTC)

const minute = time.Minute

func TestHold(t *testing.T) {
	type step struct {
		session string
		seats   int
		after   time.Duration // since the opening
		want    bool
	}
	tests := []struct {
		name  string
		steps []step
		free  int // at the last step's time
	}{
		{"seats that are there are held", []step{{"a", 3, 0, true}}, 1},
		{"two sessions share what there is", []step{{"a", 3, 0, true}, {"b", 1, 0, true}}, 0},
		{"more than is free changes nothing", []step{{"a", 3, 0, true}, {"b", 2, 0, false}}, 1},
		{"a new choice replaces the old one, whose seats count as free", []step{{"a", 3, 0, true}, {"a", 4, 0, true}}, 0},
		{"a refused change keeps the old hold", []step{{"a", 1, 0, true}, {"b", 3, 0, true}, {"a", 2, 0, false}}, 0},
		{"a hold lapses at its deadline", []step{{"a", 4, 0, true}, {"b", 4, 5 * minute, true}}, 0},
		{"and not a moment before", []step{{"a", 4, 0, true}, {"b", 1, 5*minute - 1, false}}, 0},
		{"a later choice lapses later", []step{{"a", 3, 0, true}, {"a", 3, 4 * minute, true}, {"b", 2, 6 * minute, false}}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStock([]Tier{{Name: "floor", Seats: 4}}, 5*minute, time.Time{})
			var now time.Time
			for i, step := range test.steps {
				now = opening.Add(step.after)
				if got := s.hold(step.session, fmt.Sprint("order-", i), basket{seats: step.seats}, now); got != step.want {
					t.Errorf("step %d: hold(%s, %d) = %v; want %v", i, step.session, step.seats, got, step.want)
				}
			}
			if got := s.count(now)[0].Free; got != test.free {
				t.Errorf("free = %d; want %d", got, test.free)
			}
		})
	}
}

func TestSell(t *testing.T) {
	tests := []struct {
		name      string
		session   string
		reference string
		after     time.Duration
		want      bool
		count     TierStock
	}{
		{"what is held in time is sold", "a", "order-a", 4 * minute, true, TierStock{Seats: 4, Free: 1, Sold: 3}},
		{"what has lapsed is not", "a", "order-a", 5 * minute, false, TierStock{Seats: 4, Free: 4}},
		{"nobody pays for another session's hold", "b", "order-a", 0, false, TierStock{Seats: 4, Free: 1, Held: 3}},
		{"nor by an old page's reference", "a", "order-z", 0, false, TierStock{Seats: 4, Free: 1, Held: 3}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStock([]Tier{{Seats: 4}}, 5*minute, time.Time{})
			s.hold("a", "order-a", basket{seats: 3}, opening)
			now := opening.Add(test.after)
			if got := s.sell(test.session, test.reference, now); got != test.want {
				t.Errorf("sell(%s, %s) = %v; want %v", test.session, test.reference, got, test.want)
			}
			if got := s.count(now)[0]; got != test.count {
				t.Errorf("count() = %+v; want %+v", got, test.count)
			}
		})
	}
}

func TestSellingTwiceSellsOnce(t *testing.T) {
	s := newStock([]Tier{{Seats: 4}}, 5*minute, time.Time{})
	s.hold("a", "order-a", basket{seats: 2}, opening)
	for click := 1; click <= 2; click++ {
		// The second click comes when the hold would have lapsed: it is paid all the same.
		if !s.sell("a", "order-a", opening.Add(time.Duration(click)*4*minute)) {
			t.Errorf("click %d: sell = false; want true", click)
		}
	}
	if got := s.count(opening)[0].Sold; got != 2 {
		t.Errorf("sold = %d; want 2", got)
	}
}

// Many buyers at once never get more than there is.
func TestStockIsNeverOversold(t *testing.T) {
	const seats, buyers = 100, 300
	s := newStock([]Tier{{Seats: seats}}, 5*minute, time.Time{})
	var all sync.WaitGroup
	for buyer := range buyers {
		all.Go(func() {
			name := fmt.Sprint(buyer)
			if s.hold(name, name, basket{seats: 1 + buyer%MaxSeats}, opening) && buyer%3 == 0 {
				s.cancel(name)
				return
			}
			s.sell(name, name, opening)
		})
	}
	all.Wait()
	paid := 0
	for _, order := range s.orders {
		paid += order.seats
	}
	got := s.count(opening)[0]
	if got.Sold != paid || got.Free != seats-paid || paid > seats {
		t.Errorf("count() = %+v with %d seats in orders; want them sold, the rest of %d free", got, paid, seats)
	}
}
