package main

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/bilten/rushgate/prescale"
)

// Scaling is what Rushgate may scale, and what it may ask before it does.
type Scaling struct {
	Targets    map[string]ScalingTarget `yaml:"targets"`
	Prometheus Prometheus               `yaml:"prometheus"`
	Queries    map[string]string        `yaml:"queries" help:"PromQL whose answer is one number, by metric: for reports (response_time, error_rate, cpu_usage and the others of GET …/scaling/report) and for triggers, which may use names of your own."`
	Triggers   []ScalingTrigger         `yaml:"triggers"`
}

// ScalingTarget is one thing that is scaled, by one driver.
type ScalingTarget struct {
	Kubernetes KubernetesTarget `yaml:"kubernetes"`
	Webhook    WebhookTarget    `yaml:"webhook"`
	DryRun     bool             `yaml:"dry_run" help:"Say in the log what would be scaled, and do nothing."`

	Organizations []string `yaml:"organizations" help:"Whose reports show what triggers do to it. Empty: nobody's, unless there is but one organization."`
}

// KubernetesTarget is scaled through the Kubernetes API.
type KubernetesTarget struct {
	Namespace   string `yaml:"namespace" help:"Namespace of what is scaled."`
	HPA         string `yaml:"hpa" help:"HorizontalPodAutoscaler whose minReplicas is raised; it stays in charge. One of hpa, deployment and statefulset."`
	Deployment  string `yaml:"deployment" help:"Deployment without an autoscaler, scaled by its scale subresource."`
	StatefulSet string `yaml:"statefulset" help:"StatefulSet without an autoscaler."`
	Service     string `yaml:"service" help:"Service whose ready endpoints are counted. Empty: replicas that were started, ready or not."`
	Kubeconfig  string `yaml:"kubeconfig" help:"Kubeconfig file; empty: the cluster that the gateway runs in. deploy/k8s/rbac.yaml has the rights it needs."`
}

// WebhookTarget is scaled by whoever answers at an address.
type WebhookTarget struct {
	URL               string   `yaml:"url" help:"Called by signed POST; docs/rush.md has the format. https, or http into this machine or plain_http_networks."`
	SecretFile        string   `yaml:"secret_file" help:"File with the secret of the signature, 32 to 1024 bytes; read for each call."`
	PlainHTTPNetworks []string `yaml:"plain_http_networks" help:"Networks (CIDR) of your own into which http is good enough."`
}

// Prometheus answers the queries.
type Prometheus struct {
	URL       string        `yaml:"url" help:"Base address, without /api/v1. Empty: nothing is measured, and reports say so."`
	TokenFile string        `yaml:"token_file" help:"File with a bearer token; read for each query. Empty: none is sent."`
	Timeout   time.Duration `yaml:"timeout" help:"Of one query; they are asked every 15 s."`
}

// ScalingTrigger moves a target that no service has, such as read replicas.
type ScalingTrigger struct {
	Name       string        `yaml:"name" help:"As it stands in reports and the log."`
	Metric     string        `yaml:"metric" help:"One of scaling.queries."`
	Threshold  float64       `yaml:"threshold" help:"scale_up acts above it, scale_down below."`
	Hysteresis float64       `yaml:"hysteresis" help:"How far the metric must come back before the trigger is off."`
	Action     string        `yaml:"action" help:"scale_up or scale_down."`
	Target     string        `yaml:"target" help:"One of scaling.targets, and of no service: a plan and a trigger would pull at one rope."`
	Cooldown   time.Duration `yaml:"cooldown" help:"Between two moves of the target, whichever trigger makes them."`
	Min        int           `yaml:"min" help:"Instances without any trigger; from there on up Rushgate holds them. The same in all triggers of a target."`
	Max        int           `yaml:"max" help:"Instances at most. The same in all triggers of a target."`
	Step       int           `yaml:"step" help:"Instances with each move; 0 means 1."`
}

const maxQueries = 100

func (c Config) validateScaling(p *problems) {
	for _, id := range sortedKeys(c.Scaling.Targets) {
		field := "scaling.targets." + id
		if !name.MatchString(id) {
			p.add(field, id, nameRule)
		}
		c.validateTarget(p, field, c.Scaling.Targets[id])
		for _, organization := range c.Scaling.Targets[id].Organizations {
			if _, ok := c.Organizations[organization]; !ok {
				p.add(field+".organizations", organization, "is not among organizations")
			}
		}
	}
	for _, id := range sortedKeys(c.Services) {
		if target := c.Services[id].Target; target != "" {
			if _, ok := c.Scaling.Targets[target]; !ok {
				p.add("services."+id+".target", target, "is not among scaling.targets")
			}
		}
	}
	c.validatePrometheus(p)
	c.validateTriggers(p)
}

// sharesTarget says that an organization may read what triggers do to a target. A
// trigger's target is of no service, so no event tells whose it is: the operator
// does.
func (c Config) sharesTarget(target, organization string) bool {
	return len(c.Organizations) == 1 || slices.Contains(c.Scaling.Targets[target].Organizations, organization)
}

func (c Config) validateTarget(p *problems, field string, target ScalingTarget) {
	k, hook := target.Kubernetes != KubernetesTarget{}, target.Webhook.URL != "" || target.Webhook.SecretFile != ""
	drivers := 0
	for _, is := range []bool{k, hook, target.DryRun} {
		if is {
			drivers++
		}
	}
	if drivers != 1 {
		p.add(field, "", "needs one of kubernetes, webhook and dry_run")
	}
	if k {
		c.validateKubernetes(p, field+".kubernetes", target.Kubernetes)
	}
	if hook {
		c.validateWebhook(p, field+".webhook", target.Webhook)
	}
}

func (c Config) validateKubernetes(p *problems, field string, k KubernetesTarget) {
	if k.Namespace == "" {
		p.add(field+".namespace", "", "is missing")
	}
	named := slices.DeleteFunc([]string{k.HPA, k.Deployment, k.StatefulSet}, func(s string) bool { return s == "" })
	if len(named) != 1 {
		p.add(field, "", "needs one of hpa, deployment and statefulset")
	}
	if k.Kubeconfig != "" {
		p.readable(field+".kubeconfig", c.beside(k.Kubeconfig))
	}
}

func (c Config) validateWebhook(p *problems, field string, hook WebhookTarget) {
	u, err := url.Parse(hook.URL)
	switch {
	case hook.URL == "":
		p.add(field+".url", "", "is missing")
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		p.add(field+".url", redacted(hook.URL), "must be a URL that starts with https:// or http://")
	case u.User != nil:
		p.add(field+".url", redacted(hook.URL), "must not carry a user or password: calls are signed")
	}
	p.networks(field+".plain_http_networks", hook.PlainHTTPNetworks)
	if hook.SecretFile == "" {
		p.add(field+".secret_file", "", "is missing: nobody could tell our calls from anybody's")
	} else if _, err := readSecret(c.beside(hook.SecretFile)); err != nil {
		p.add(field+".secret_file", hook.SecretFile, plainPathError(err))
	}
}

func (c Config) validatePrometheus(p *problems) {
	asked := c.Scaling.Prometheus
	if asked.URL != "" {
		if u, err := url.Parse(asked.URL); err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
			p.add("scaling.prometheus.url", redacted(asked.URL), "must be a URL such as http://prometheus:9090")
		}
	}
	if asked.TokenFile != "" {
		p.readable("scaling.prometheus.token_file", c.beside(asked.TokenFile))
	}
	if asked.Timeout <= 0 || asked.Timeout > 10*time.Second {
		p.add("scaling.prometheus.timeout", asked.Timeout, "must be above 0 and at most 10s")
	}
	if len(c.Scaling.Queries) > 0 && asked.URL == "" {
		p.add("scaling.queries", "", "need scaling.prometheus.url")
	}
	if len(c.Scaling.Queries) > maxQueries {
		p.add("scaling.queries", len(c.Scaling.Queries), fmt.Sprintf("are too many: want at most %d", maxQueries))
	}
	for _, metric := range sortedKeys(c.Scaling.Queries) {
		if c.Scaling.Queries[metric] == "" {
			p.add("scaling.queries."+metric, "", "is empty")
		}
	}
}

func (c Config) validateTriggers(p *problems) {
	served := map[string]string{}
	for _, id := range sortedKeys(c.Services) {
		served[c.Services[id].Target] = id
	}
	first := map[string]ScalingTrigger{}
	for i, t := range c.Scaling.Triggers {
		field := fmt.Sprintf("scaling.triggers[%d]", i)
		if _, ok := c.Scaling.Queries[t.Metric]; !ok && t.Metric != "" {
			p.add(field+".metric", t.Metric, "is not among scaling.queries")
		}
		if _, ok := c.Scaling.Targets[t.Target]; !ok && t.Target != "" {
			p.add(field+".target", t.Target, "is not among scaling.targets")
		}
		if service := served[t.Target]; service != "" {
			p.add(field+".target", t.Target, "is that of service "+service+": its plan moves it")
		}
		if t.Min < 1 || t.Max < t.Min || t.Max > prescale.MaxInstances || t.Step < 0 {
			p.add(field, fmt.Sprintf("min %d, max %d, step %d", t.Min, t.Max, t.Step), fmt.Sprintf("want 1 <= min <= max <= %d and a step of 0 or more", prescale.MaxInstances))
		}
		if other, ok := first[t.Target]; ok && (other.Min != t.Min || other.Max != t.Max || other.Step != t.Step) {
			p.add(field, "", "min, max and step must be those of the other triggers of target "+t.Target)
		} else {
			first[t.Target] = t
		}
	}
	if err := prescale.CheckTriggers("scaling.triggers", c.triggers()); err != nil {
		p.errs = append(p.errs, inFile(p.file, err))
	}
}

func (c Config) triggers() []prescale.Trigger {
	all := make([]prescale.Trigger, len(c.Scaling.Triggers))
	for i, t := range c.Scaling.Triggers {
		all[i] = prescale.Trigger{
			Name: t.Name, Metric: t.Metric, Threshold: t.Threshold, Hysteresis: t.Hysteresis,
			Action: prescale.Direction(t.Action), Target: t.Target, Cooldown: t.Cooldown,
		}
	}
	return all
}
