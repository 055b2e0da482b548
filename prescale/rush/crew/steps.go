package crew

import (
	"context"
	"fmt"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/prescale/rush"
)

// do carries out a claimed step. It may be done more than once, each time with
// the same keys.
func (k *Keeper) do(ctx context.Context, e event.Event, s rush.State, t rush.Task) rush.Outcome {
	switch t.Name {
	case rush.Prescale:
		return k.prescale(ctx, e, s, t)
	case rush.EnableQueue:
		return k.enableQueue(ctx, e, s, t)
	case rush.ActivatePricing:
		return outcome("", k.config.Pricing.Activate(ctx, e.ID, stepKey(e.ID, t)))
	case rush.DeactivatePricing:
		return outcome("", k.config.Pricing.Deactivate(ctx, e.ID, stepKey(e.ID, t)))
	case rush.RestoreQueue:
		return k.restoreQueue(ctx, e, s)
	case rush.ScaleDown:
		return k.scaleDown(ctx, e, s, t)
	default:
		return rush.Outcome{Error: fmt.Sprintf("nobody knows how to do %q", t.Name)}
	}
}

// stepKey is one for all attempts at a step of a run.
func stepKey(eventID string, t rush.Task) string {
	return fmt.Sprintf("%s/%s/%d", eventID, t.Name, t.Run)
}

func outcome(detail string, err error) rush.Outcome {
	if err != nil {
		return rush.Outcome{Error: plain(err)}
	}
	return rush.Outcome{Detail: detail}
}

const longestError = 300 // bytes in a record that all gateways read every second

func plain(err error) string {
	text := err.Error()
	if len(text) > longestError {
		text = text[:longestError] + "…"
	}
	return text
}

// noPricing is for an installation without price rules.
type noPricing struct{}

func (noPricing) Activate(context.Context, string, string) error   { return nil }
func (noPricing) Deactivate(context.Context, string, string) error { return nil }
