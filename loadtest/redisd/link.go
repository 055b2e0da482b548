package redisd

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Link is a network between somebody and a server that can fall ill.
type Link struct {
	Address string // the near end
	proxy   *toxiproxy.Proxy
}

// NewLink starts a healthy link to an address, until Close.
func NewLink(to string) (*Link, error) {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, "link", "127.0.0.1:0", to)
	if err := proxy.Start(); err != nil {
		return nil, fmt.Errorf("link to %s: %w", to, err)
	}
	return &Link{Address: proxy.Listen, proxy: proxy}, nil
}

// Slow makes every answer come so much later.
func (l *Link) Slow(ms int) error {
	return l.add("latency", "downstream", map[string]int{"latency": ms})
}

// Silence lets no byte through in either direction, and closes nothing: both
// ends believe in a connection that is dead. Healing closes it.
func (l *Link) Silence() error {
	if err := l.add("timeout", "downstream", map[string]int{"timeout": 0}); err != nil {
		return err
	}
	return l.add("timeout", "upstream", map[string]int{"timeout": 0})
}

// Reset cuts connections as soon as they carry anything.
func (l *Link) Reset() error { return l.add("reset_peer", "downstream", map[string]int{"timeout": 0}) }

// Heal takes all illness away.
func (l *Link) Heal(ctx context.Context) { l.proxy.Toxics.ResetToxics(ctx) }

// Close hangs up.
func (l *Link) Close() { l.proxy.Stop() }

func (l *Link) add(kind, stream string, attributes map[string]int) error {
	toxic, err := json.Marshal(map[string]any{"name": kind + "-" + stream, "type": kind, "stream": stream, "attributes": attributes})
	if err != nil {
		return err
	}
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(string(toxic))); err != nil {
		return fmt.Errorf("%s on the link: %w", kind, err)
	}
	return nil
}
