package main

import (
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/bilten/rushgate/prescale/k8s"
	"github.com/bilten/rushgate/prescale/rush/crew"
	"github.com/bilten/rushgate/prescale/webhook"
)

// openTargets builds the drivers. Nothing is sent yet, so that a cluster that is
// away stops no gateway.
func (c Config) openTargets(log *slog.Logger) (map[string]crew.Target, error) {
	clusters := map[string]kubernetes.Interface{} // by kubeconfig: targets of one cluster share a client
	targets := map[string]crew.Target{}
	for _, id := range sortedKeys(c.Scaling.Targets) {
		target := c.Scaling.Targets[id]
		switch {
		case target.DryRun:
			targets[id] = crew.DryRun{Log: log}
		case target.Webhook.URL != "":
			targets[id] = c.webhook(target.Webhook)
		default:
			built, err := c.kubernetes(target.Kubernetes, clusters)
			if err != nil {
				return nil, fmt.Errorf("%s: scaling.targets.%s: %w", c.file, id, err)
			}
			targets[id] = built
		}
	}
	return targets, nil
}

func (c Config) webhook(hook WebhookTarget) *webhook.Target {
	return webhook.New(webhook.Config{
		URL: hook.URL, Plain: prefixes(hook.PlainHTTPNetworks), Now: time.Now, Chance: mathrand.Float64, Pause: time.After,
		Secret: func() ([]byte, error) {
			secret, err := readSecret(c.beside(hook.SecretFile))
			if err != nil {
				return nil, fmt.Errorf("secret_file %s: %w", hook.SecretFile, err)
			}
			return secret, nil
		},
	})
}

func (c Config) kubernetes(k KubernetesTarget, clusters map[string]kubernetes.Interface) (*k8s.Target, error) {
	kubeconfig := c.beside(k.Kubeconfig)
	client, known := clusters[kubeconfig]
	if !known {
		var err error
		if client, err = k8s.Dial(kubeconfig); err != nil {
			return nil, err
		}
		clusters[kubeconfig] = client
	}
	return k8s.New(client, k8s.Config{
		Namespace: k.Namespace, HPA: k.HPA, Deployment: k.Deployment, StatefulSet: k.StatefulSet, Service: k.Service,
		Chance: mathrand.Float64, Pause: time.After,
	})
}
