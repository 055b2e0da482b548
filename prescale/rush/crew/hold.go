package crew

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/bilten/rushgate/prescale/rush"
)

const (
	triggers = "triggers" // who holds what no event asked for
	holdFor  = 24 * time.Hour
)

// Hold orders a level of a target that no event's plan moves. Nobody who takes
// it back is left after a day: then it lapses.
func (k *Keeper) Hold(ctx context.Context, name string, level int, version int64) error {
	target, ok := k.config.Targets[name]
	if !ok {
		return errUnknownTarget
	}
	o, err := k.need(ctx, name, func(c rush.Claims, now time.Time) rush.Claims {
		if held, ok := c.Held[triggers]; ok && held.Instances == level && now.Before(held.Until.Add(-holdFor/2)) {
			return c
		}
		return c.Without("", now).With(triggers, rush.Claim{Instances: level, Until: now.Add(holdFor)})
	})
	if err != nil {
		return err
	}
	o.Key = fmt.Sprintf("triggers/%d/%s/%s", version, name, strconv.FormatInt(o.Version, 10))
	k.metrics.scaled(name, o.Instances, 0)
	return target.Scale(ctx, o)
}

// Let gives back what was there before Hold.
func (k *Keeper) Let(ctx context.Context, name string, version int64) error {
	return k.withdraw(ctx, name, triggers, fmt.Sprintf("triggers/%d", version))
}
