package upstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DNS is the source of instances that SRV records name (RFC 2782): those of the
// lowest priority, with their weights. A name that cannot be resolved, or has no
// records, changes nothing: resolvers fail more often than whole shops vanish.
type DNS struct {
	Name     string        // "_http._tcp.shop.internal"
	Scheme   string        // http or https; empty: http
	Interval time.Duration // between look-ups, whatever the records' TTL; 0: DefaultDNSInterval
	Timeout  time.Duration // of one look-up; 0: DefaultDNSTimeout
	Resolver *net.Resolver // nil: the system's
	Log      *slog.Logger  // nil: nothing is logged
}

const (
	DefaultDNSInterval = 10 * time.Second
	DefaultDNSTimeout  = 5 * time.Second
	// maxFound bounds what one source may name: one answer must not fill the memory.
	maxFound = 1000
)

// ResolverAt asks one server, "10.0.0.2:53", instead of the system's.
func ResolverAt(address string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
}

var errNoRecords = errors.New("no SRV records")

func (d DNS) withDefaults() DNS {
	initial(&d.Interval, DefaultDNSInterval)
	initial(&d.Timeout, DefaultDNSTimeout)
	initial(&d.Resolver, net.DefaultResolver)
	initial(&d.Scheme, "http")
	initial(&d.Log, slog.New(slog.DiscardHandler))
	return d
}

// Watch is part of Source.
func (d DNS) Watch(ctx context.Context, tell func(Told)) {
	d = d.withDefaults()
	ticker := time.NewTicker(d.Interval)
	defer ticker.Stop()
	for failing := false; ; {
		found, err := d.lookUp(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			tell(Told{Instances: found})
		case !failing: // once, and not each ten seconds
			d.Log.Warn("instances cannot be looked up: those that are known stay", "name", d.Name, "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// lookUp returns the instances, in an order that does not change by itself.
func (d DNS) lookUp(ctx context.Context) ([]Found, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	_, records, err := d.Resolver.LookupSRV(ctx, "", "", d.Name) // sorted by priority
	if err != nil && len(records) == 0 {
		return nil, fmt.Errorf("look up %s: %w", d.Name, err)
	}
	if len(records) == 0 || len(records) > maxFound {
		return nil, fmt.Errorf("look up %s: %w, or more than %d", d.Name, errNoRecords, maxFound)
	}
	var found []Found
	for _, r := range records {
		if r.Priority != records[0].Priority {
			break
		}
		host := net.JoinHostPort(strings.TrimSuffix(r.Target, "."), strconv.Itoa(int(r.Port)))
		found = append(found, Found{ID: host, Address: d.Scheme + "://" + host, Weight: int(r.Weight)})
	}
	slices.SortFunc(found, func(a, b Found) int { return strings.Compare(a.ID, b.ID) })
	return found, nil
}
