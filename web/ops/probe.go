package ops

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Draining is set once, when the gateway is about to leave: balancers stop
// sending visitors before the listener closes.
type Draining struct{ on atomic.Bool }

// Begin makes the gateway not ready.
func (d *Draining) Begin() { d.on.Store(true) }

// Probe is for Handler.
func (d *Draining) Probe(context.Context) []Finding {
	if !d.on.Load() {
		return nil
	}
	return []Finding{{Name: "draining", Severity: Blocking, Detail: "this gateway is shutting down"}}
}

// The gateway's clock against the store's: admissions tolerate 30 s between
// two clocks, a synchronised one never drifts by 2.
const (
	SkewWarns  = 2 * time.Second
	SkewBlocks = 30 * time.Second
)

// Store finds a store that does not answer, or whose clock is far from ours.
// An unreachable store only warns: admitted visitors go on without it, and a
// balancer that took every gateway out would lock them out too.
func Store(storeTime func(context.Context) (time.Time, error), now func() time.Time) Probe {
	return func(ctx context.Context) []Finding {
		at, err := storeTime(ctx)
		if err != nil {
			return []Finding{{Name: "store_unreachable", Severity: Warning, Detail: "nobody new can take a place or come in; the admitted go on"}}
		}
		skew := at.Sub(now()).Abs()
		finding := Finding{Name: "clock_skew", Severity: Warning, Detail: fmt.Sprintf("%s between this gateway's clock and the store's", skew.Round(time.Millisecond))}
		switch {
		case skew > SkewBlocks:
			finding.Severity = Blocking
			return []Finding{finding}
		case skew > SkewWarns:
			return []Finding{finding}
		}
		return nil
	}
}

// When finds something named as long as it holds.
func When(holds func() bool, finding Finding) Probe {
	return func(context.Context) []Finding {
		if !holds() {
			return nil
		}
		return []Finding{finding}
	}
}
