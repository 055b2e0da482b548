package k8s

import (
	"context"
	"fmt"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const slicesAtOnce = 500 // EndpointSlices in one answer; each holds up to 1000 endpoints

// endpoints counts the ready ones of the service, each once however many slices
// (IPv4, IPv6, one being replaced) name it.
func (t *Target) endpoints(ctx context.Context) (int, error) {
	ready := map[string]bool{}
	list := metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + t.config.Service, Limit: slicesAtOnce}
	for {
		page, err := t.client.DiscoveryV1().EndpointSlices(t.config.Namespace).List(ctx, list)
		if err != nil {
			return 0, fmt.Errorf("list endpoints of service %s/%s: %w", t.config.Namespace, t.config.Service, err)
		}
		for _, slice := range page.Items {
			for _, endpoint := range slice.Endpoints {
				if isReady(endpoint.Conditions) && len(endpoint.Addresses) > 0 {
					ready[nameOf(endpoint)] = true
				}
			}
		}
		if list.Continue = page.Continue; list.Continue == "" {
			return len(ready), nil
		}
	}
}

// isReady takes an unknown readiness for ready, as the type demands.
func isReady(c discoveryv1.EndpointConditions) bool {
	return (c.Ready == nil || *c.Ready) && (c.Terminating == nil || !*c.Terminating)
}

func nameOf(e discoveryv1.Endpoint) string {
	if e.TargetRef != nil && e.TargetRef.Name != "" {
		return e.TargetRef.Kind + "/" + e.TargetRef.Name
	}
	return e.Addresses[0]
}
