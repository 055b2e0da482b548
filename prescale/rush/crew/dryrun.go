package crew

import (
	"context"
	"log/slog"

	"github.com/bilten/rushgate/prescale/rush"
)

// DryRun is a target that says what it would do, and is ready at once.
type DryRun struct{ Log *slog.Logger }

// Scale is part of Target.
func (d DryRun) Scale(_ context.Context, o rush.Order) error {
	d.Log.Info("dry run: would scale", "target", o.Target, "instances", o.Instances, "version", o.Version, "key", o.Key, "until", o.Until)
	return nil
}

// Ready is part of Target.
func (d DryRun) Ready(_ context.Context, o rush.Order) (rush.Readiness, error) {
	return rush.Readiness{Ready: o.Instances, Detail: "dry run: nothing was scaled"}, nil
}

// Release is part of Target.
func (d DryRun) Release(_ context.Context, o rush.Order) error {
	d.Log.Info("dry run: would give back", "target", o.Target, "version", o.Version, "key", o.Key)
	return nil
}
