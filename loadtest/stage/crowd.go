package stage

import (
	"context"
	"time"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest"
)

// Target is the event, for a crowd that completes its sessions.
func (s *Stage) Target() loadtest.Target {
	return loadtest.Target{Gateways: s.Gateways, Host: Host, Path: Path, Event: EventID, Complete: Path + loadtest.Done}
}

// watchEvery is a little more often than gateways tick.
const watchEvery = 200 * time.Millisecond

// Watch writes the event's numbers into h until stop is called or ctx is done.
// stop returns when nothing is written any more, with an error if nothing was.
func (s *Stage) Watch(ctx context.Context, h *invariant.History) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan error, 1)
	go func() { watched <- loadtest.Watch(ctx, s.Live, s.Key, watchEvery, h) }()
	return func() error {
		cancel()
		return <-watched
	}
}
