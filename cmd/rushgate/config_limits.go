package main

import "time"

// Limits protect the gateway from single addresses. They never cost anybody a
// place that they hold.
type Limits struct {
	JoinPerAddress AddressLimit `yaml:"join_per_address"`
}

// AddressLimit is a token bucket for each IPv4 address or IPv6 /64.
type AddressLimit struct {
	PerSecond float64 `yaml:"per_second" help:"Joins, direct entries and admissions of a room that is off, from one IPv4 address or IPv6 /64, sustained. Wide enough for a mobile carrier's shared address."`
	Burst     int     `yaml:"burst" help:"Joins from it at once."`
}

func (c Config) validateLimits(p *problems) {
	if c.RestoreWindow < time.Second || c.RestoreWindow > 10*time.Minute {
		p.add("restore_window", c.RestoreWindow, "must be between 1s and 10m")
	}
	limit := c.Limits.JoinPerAddress
	if limit.PerSecond <= 0 {
		p.add("limits.join_per_address.per_second", limit.PerSecond, "must be above 0")
	}
	if limit.Burst < 1 {
		p.add("limits.join_per_address.burst", limit.Burst, "must be at least 1")
	}
}
