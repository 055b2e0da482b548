// Package slices knows a pool's instances from Kubernetes: the ready endpoints
// of a service, by its EndpointSlices. It is apart from the rest so that only
// who runs in a cluster carries the client.
package slices

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	discovery "k8s.io/api/discovery/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	client "k8s.io/client-go/kubernetes/typed/discovery/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"github.com/bilten/rushgate/web/upstream"
)

// listPatience bounds one list: an API server that hangs must not be waited for
// when another one could answer.
const listPatience = 15 * time.Second

// Service is the source of the instances behind a Kubernetes service.
//
// An endpoint that is not ready, or about to end, is not named, so the pool lets
// its old requests end and gives it no new ones. While the cluster's API does
// not answer, nothing changes.
type Service struct {
	Client    client.DiscoveryV1Interface
	Namespace string
	Name      string // of the service
	Port      string // name or number; empty: the only one there is
	Scheme    string // http or https
	Log       *slog.Logger
}

// Connect makes a client from a kubeconfig file; empty: from the pod's own
// service account. It asks nothing yet.
func Connect(kubeconfig string, log *slog.Logger) (client.DiscoveryV1Interface, error) {
	klog.SetSlogLogger(log) // the client knows only one for the whole process
	config, err := rest.InClusterConfig()
	if kubeconfig != "" {
		config, err = clientcmd.BuildConfigFromFlags("", kubeconfig)
	}
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w", err)
	}
	config.UserAgent = "rushgate"
	return client.NewForConfig(config)
}

// Watch is part of upstream.Source.
func (s Service) Watch(ctx context.Context, tell func(upstream.Told)) {
	informer := cache.NewSharedInformer(s.listWatch(), &discovery.EndpointSlice{}, 0)
	err := informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) {
		s.Log.Warn("endpoints cannot be followed for now: those that are known stay", "service", s.Namespace+"/"+s.Name, "error", err)
	})
	changed := make(chan struct{}, 1)
	poke := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	_, handled := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { poke() },
		UpdateFunc: func(any, any) { poke() },
		DeleteFunc: func(any) { poke() },
	})
	if err != nil || handled != nil { // only for an informer that runs already
		s.Log.Error("endpoints are not followed", "errors", []error{err, handled})
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		informer.RunWithContext(ctx)
	}()
	defer func() { <-done }()
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return
	}
	poke() // a service without endpoints is told, too
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			tell(upstream.Told{Instances: s.found(informer.GetStore().List())})
		}
	}
}

func (s Service) listWatch() cache.ListerWatcher {
	of := func(options meta.ListOptions) meta.ListOptions {
		options.LabelSelector = discovery.LabelServiceName + "=" + s.Name
		return options
	}
	endpoints := s.Client.EndpointSlices(s.Namespace)
	return cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options meta.ListOptions) (runtime.Object, error) {
			ctx, cancel := context.WithTimeout(ctx, listPatience)
			defer cancel()
			return endpoints.List(ctx, of(options))
		},
		WatchFuncWithContext: func(ctx context.Context, options meta.ListOptions) (watch.Interface, error) {
			return endpoints.Watch(ctx, of(options))
		},
	}, s.Client)
}

// found are the ready endpoints, each once, in an order of their own. A service
// of both families is followed by its IPv4 addresses: one pod is one instance.
func (s Service) found(objects []any) []upstream.Found {
	byFamily := map[discovery.AddressType]map[string]upstream.Found{}
	for _, object := range objects {
		slice, ok := object.(*discovery.EndpointSlice)
		if !ok || slice.AddressType == discovery.AddressTypeFQDN {
			continue
		}
		port, ok := s.port(slice.Ports)
		if !ok {
			continue
		}
		if byFamily[slice.AddressType] == nil {
			byFamily[slice.AddressType] = map[string]upstream.Found{}
		}
		for _, endpoint := range slice.Endpoints {
			if len(endpoint.Addresses) == 0 || endpoint.Conditions.Ready != nil && !*endpoint.Conditions.Ready {
				continue
			}
			host := net.JoinHostPort(endpoint.Addresses[0], port)
			id := host
			if endpoint.TargetRef != nil && endpoint.TargetRef.Name != "" {
				id = endpoint.TargetRef.Name
			}
			byFamily[slice.AddressType][host] = upstream.Found{ID: id, Address: s.Scheme + "://" + host}
		}
	}
	family := byFamily[discovery.AddressTypeIPv4]
	if len(family) == 0 {
		family = byFamily[discovery.AddressTypeIPv6]
	}
	return slices.SortedFunc(maps.Values(family), func(a, b upstream.Found) int { return strings.Compare(a.ID, b.ID) })
}

// port finds the port that is meant; many slices may number it differently.
func (s Service) port(ports []discovery.EndpointPort) (string, bool) {
	for _, p := range ports {
		if p.Port == nil {
			continue
		}
		number := strconv.Itoa(int(*p.Port))
		if s.Port == "" && len(ports) == 1 || s.Port == number || p.Name != nil && s.Port == *p.Name && s.Port != "" {
			return number, true
		}
	}
	return "", false
}
