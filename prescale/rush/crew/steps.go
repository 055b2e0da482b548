package crew

import (
	"context"
	"fmt"
	"strings"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/prescale/fault"
	"github.com/bilten/rushgate/prescale/rush"
)

// do carries out a claimed step. It may be done more than once, each time with
// the same keys.
func (k *Keeper) do(ctx context.Context, e event.Event, s rush.State, t rush.Task) (rush.Outcome, error) {
	switch t.Name {
	case rush.Prescale:
		return k.prescale(ctx, e, s, t)
	case rush.EnableQueue:
		return k.enableQueue(ctx, e, s, t)
	case rush.ActivatePricing:
		return rush.Outcome{}, k.config.Pricing.Activate(ctx, e.ID, stepKey(e.ID, t))
	case rush.DeactivatePricing:
		return rush.Outcome{}, k.config.Pricing.Deactivate(ctx, e.ID, stepKey(e.ID, t))
	case rush.RestoreQueue:
		return k.restoreQueue(ctx, e, s)
	case rush.ScaleDown:
		return k.scaleDown(ctx, e, s, t)
	default:
		return rush.Outcome{}, fault.Open(fmt.Errorf("nobody knows how to do %q", t.Name))
	}
}

// stepKey is one for all attempts at a step of a run.
func stepKey(eventID string, t rush.Task) string {
	return fmt.Sprintf("%s/%s/%d", eventID, t.Name, t.Run)
}

// done is the outcome of a step that had nothing to wait for.
func done(detail string) rush.Outcome { return rush.Outcome{Detail: detail} }

const longestError = 300 // bytes in a record that all gateways read every second

// plain is what the record holds of an error: organizers read it.
func plain(err error) string {
	text := fault.Words(err)
	if len(text) > longestError {
		text = strings.ToValidUTF8(text[:longestError], "") + "…"
	}
	return text
}

// noPricing is for an installation without price rules.
type noPricing struct{}

func (noPricing) Activate(context.Context, string, string) error   { return nil }
func (noPricing) Deactivate(context.Context, string, string) error { return nil }
