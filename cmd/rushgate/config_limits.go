package main

import (
	"time"

	"github.com/bilten/rushgate/web"
)

// Limits protect the gateway from single addresses. They never cost anybody a
// place that they hold.
type Limits struct {
	JoinPerAddress AddressLimit `yaml:"join_per_address"`
	JoinPerSite    SiteLimit    `yaml:"join_per_ipv6_56"`
	JoinPerNetwork NetworkLimit `yaml:"join_per_ipv6_48"`
}

// AddressLimit is a token bucket for each IPv4 address or IPv6 /64.
type AddressLimit struct {
	PerSecond float64 `yaml:"per_second" help:"Joins, direct entries and admissions of a room that is off, from one IPv4 address or IPv6 /64, sustained. Wide enough for a mobile carrier's shared address."`
	Burst     int     `yaml:"burst" help:"Joins from it at once."`
}

// SiteLimit is a token bucket for each IPv6 /56.
type SiteLimit struct {
	PerSecond float64 `yaml:"per_second" help:"The same from one IPv6 /56, which is a household's or a company's: it has 256 of the /64s above."`
	Burst     int     `yaml:"burst" help:"Joins from it at once."`
}

// NetworkLimit is a token bucket for each IPv6 /48.
type NetworkLimit struct {
	PerSecond float64 `yaml:"per_second" help:"The same from one IPv6 /48, which is a large company's or thousands of a carrier's subscribers."`
	Burst     int     `yaml:"burst" help:"Joins from it at once."`
}

func (c Config) validateLimits(p *problems) {
	if c.RestoreWindow < time.Second || c.RestoreWindow > 10*time.Minute {
		p.add("restore_window", c.RestoreWindow, "must be between 1s and 10m")
	}
	for _, limit := range []struct {
		field string
		rate  web.JoinRate
	}{
		{"limits.join_per_address", web.JoinRate(c.Limits.JoinPerAddress)},
		{"limits.join_per_ipv6_56", web.JoinRate(c.Limits.JoinPerSite)},
		{"limits.join_per_ipv6_48", web.JoinRate(c.Limits.JoinPerNetwork)},
	} {
		if limit.rate.PerSecond <= 0 {
			p.add(limit.field+".per_second", limit.rate.PerSecond, "must be above 0")
		}
		if limit.rate.Burst < 1 {
			p.add(limit.field+".burst", limit.rate.Burst, "must be at least 1")
		}
	}
}
