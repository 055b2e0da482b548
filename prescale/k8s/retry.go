package k8s

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/bilten/rushgate/prescale/fault"
)

const (
	attempts  = 6
	firstWait = 200 * time.Millisecond
	mostWait  = 3 * time.Second
)

// attempt does a read and write, and gives its error words that name nothing of
// the cluster.
func (t *Target) attempt(ctx context.Context, do func() error) error {
	err := t.retry(ctx, do)
	var status apierrors.APIStatus
	var network net.Error
	switch {
	case errors.As(err, &status):
		return fault.New(fmt.Sprintf("answered %d", status.Status().Code), err)
	case errors.As(err, &network):
		return fault.Unanswered(err)
	}
	return err
}

// retry does a read and write again that lost a race or met a busy server: at
// the full hour half the cluster is scaled at once. What will not get better by
// waiting is returned at once.
func (t *Target) retry(ctx context.Context, do func() error) error {
	for attempt := 1; ; attempt++ {
		err := do()
		if err == nil || !passing(err) || ctx.Err() != nil {
			return err
		}
		if attempt == attempts {
			return fmt.Errorf("%d attempts: %w", attempts, err)
		}
		select {
		case <-t.config.Pause(t.wait(attempt, err)):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}

// wait doubles, half of it by chance, and is never below what the server asks for.
func (t *Target) wait(attempt int, err error) time.Duration {
	most := min(firstWait<<(attempt-1), mostWait)
	jittered := most/2 + time.Duration(t.config.Chance()*float64(most/2))
	if seconds, asked := apierrors.SuggestsClientDelay(err); asked {
		return time.Duration(seconds)*time.Second + jittered
	}
	return jittered
}

func passing(err error) bool {
	var network net.Error
	return apierrors.IsConflict(err) || apierrors.IsTooManyRequests(err) || apierrors.IsServerTimeout(err) ||
		apierrors.IsTimeout(err) || apierrors.IsInternalError(err) || apierrors.IsServiceUnavailable(err) || errors.As(err, &network)
}
