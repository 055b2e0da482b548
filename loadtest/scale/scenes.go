package main

import (
	"context"
	"time"
)

// scene is what happens, and how many instances are well from then on.
type scene struct {
	what string
	well int
	act  func(context.Context, *company) error
}

// scenes are the play. An instance that is merely slow still counts as well to
// itself: what it takes away is for the gateways to find out, so a slow scene has
// a range.
func scenes() []scene {
	return []scene{
		{"three instances", 3, func(context.Context, *company) error { return nil }},
		{"one is killed", 2, func(_ context.Context, c *company) error { c.founded[0].running.Kill(); return nil }},
		{"it is back", 3, func(_ context.Context, c *company) error { return c.start(c.founded[0]) }},
		{"two announce themselves", 5, func(_ context.Context, c *company) error {
			if err := c.join(); err != nil {
				return err
			}
			return c.join()
		}},
		{"one takes 10 s for a page", 4, func(ctx context.Context, c *company) error { return c.founded[1].slow(ctx, 10*time.Second) }},
		{"it is quick again", 5, func(ctx context.Context, c *company) error { return c.founded[1].slow(ctx, 0) }},
		{"all are killed", 0, func(_ context.Context, c *company) error {
			for _, m := range append(c.founded, c.joined...) {
				m.running.Kill()
			}
			return nil
		}},
		{"the three are back", 3, func(_ context.Context, c *company) error {
			for _, m := range c.founded {
				if err := c.start(m); err != nil {
					return err
				}
			}
			return nil
		}},
	}
}
