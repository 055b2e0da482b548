// Package k8s is for scaling what runs in Kubernetes: it raises the minReplicas
// of a HorizontalPodAutoscaler, so that the autoscaler stays in charge, or, where
// there is none, the replicas of a Deployment or StatefulSet through its scale
// subresource.
//
// What it set, what was there before and until when stands in annotations of the
// autoscaler, or in the ConfigMap [Notes] for what has none: changing nothing but
// the scale of a Deployment is a right that can be granted alone. A value that
// somebody has edited since is never lowered, nor given back.
package k8s

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/bilten/rushgate/prescale/rush"
)

const (
	// Manager is the field manager of every change, and the owner in annotations.
	Manager = "rushgate"
	// Notes is the ConfigMap that keeps what is known of Deployments and
	// StatefulSets. It must be there: making one is a right that cannot be granted
	// for one name alone.
	Notes = "rushgate-scaling"

	callTimeout = 4 * time.Second // of one request to the API server
)

// Config names one target. Exactly one of HPA, Deployment and StatefulSet is set.
type Config struct {
	Namespace   string
	HPA         string
	Deployment  string
	StatefulSet string
	Service     string                               // whose ready endpoints are counted; empty: replicas that were started
	Chance      func() float64                       // in [0, 1), for jitter
	Pause       func(time.Duration) <-chan time.Time // time.After
}

// Target scales one thing in one cluster. It keeps nothing between calls.
type Target struct {
	config Config
	client kubernetes.Interface
	object object
}

// object is what carries the number of replicas and our note of it.
type object interface {
	// read returns what is there now.
	read(ctx context.Context) (found, error)
	// write makes the change if the object is still as it was found; a conflict
	// otherwise.
	write(ctx context.Context, f found, c change) error
	// started is how many replicas run, ready or not.
	started(ctx context.Context) (int, error)
}

// New returns a target in the cluster of client.
func New(client kubernetes.Interface, c Config) (*Target, error) {
	t := &Target{config: c, client: client}
	named := 0
	for _, one := range []struct {
		name   string
		object object
	}{
		{c.HPA, hpa{client, c.Namespace, c.HPA}},
		{c.Deployment, scaled{client, c.Namespace, "deployment", c.Deployment}},
		{c.StatefulSet, scaled{client, c.Namespace, "statefulset", c.StatefulSet}},
	} {
		if one.name != "" {
			t.object = one.object
			named++
		}
	}
	if named != 1 || c.Namespace == "" {
		return nil, errors.New("name a namespace and one of hpa, deployment and statefulset")
	}
	return t, nil
}

// Dial returns a client of the cluster of a kubeconfig file, or with an empty name
// of the cluster that this process runs in. Nothing is sent yet.
func Dial(kubeconfig string) (kubernetes.Interface, error) {
	config, err := rest.InClusterConfig()
	if kubeconfig != "" {
		config, err = clientcmd.BuildConfigFromFlags("", kubeconfig)
	}
	if err != nil {
		return nil, fmt.Errorf("find the Kubernetes API: %w", err)
	}
	return connect(config)
}

func connect(config *rest.Config) (kubernetes.Interface, error) {
	config.Timeout = callTimeout
	config.UserAgent = Manager
	config.ContentType = "application/json" // some calls a day: readable beats small
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("build a Kubernetes client: %w", err)
	}
	return client, nil
}

// Scale raises the target to what the order says, or lowers what an order before
// it raised, never below what was there before or what somebody has edited since.
func (t *Target) Scale(ctx context.Context, o rush.Order) error {
	return t.change(ctx, func(f found) (change, bool) { return settle(f, o) })
}

// Release gives back what was there before, if the value is still ours.
func (t *Target) Release(ctx context.Context, o rush.Order) error {
	return t.change(ctx, func(f found) (change, bool) { return giveBack(f, o.Version) })
}

func (t *Target) change(ctx context.Context, decide func(found) (change, bool)) error {
	return t.attempt(ctx, func() error {
		f, err := t.object.read(ctx)
		if err != nil {
			return err
		}
		c, needed := decide(f)
		if !needed {
			return nil
		}
		return t.object.write(ctx, f, c)
	})
}

// Ready counts what can take visitors.
func (t *Target) Ready(ctx context.Context, o rush.Order) (rush.Readiness, error) {
	var r rush.Readiness
	err := t.attempt(ctx, func() error {
		f, err := t.object.read(ctx)
		if err != nil {
			return err
		}
		r = rush.Readiness{Detail: f.lacks(o)}
		if t.config.Service != "" {
			r.Ready, err = t.endpoints(ctx)
			return err
		}
		if r.Detail == "" {
			r.Detail = "replicas that were started: no service is named whose endpoints could be counted"
		}
		r.Ready, err = t.object.started(ctx)
		return err
	})
	return r, err
}
