package main

import "path/filepath"

// overrides are the few settings that a flag or the environment may lay over
// the operator's file: what differs between machines, and what is secret.
// A flag wins over the environment, which wins over the file.
type overrides struct {
	Gateway   string `fromenv:"RUSHGATE_GATEWAY" placeholder:"HOST:PORT" help:"Address of the visitors' listener (RUSHGATE_GATEWAY)."`
	API       string `name:"api" fromenv:"RUSHGATE_API" placeholder:"HOST:PORT" help:"Address of the organizer API (RUSHGATE_API)."`
	Ops       string `fromenv:"RUSHGATE_OPS" placeholder:"HOST:PORT" help:"Address of health and metrics (RUSHGATE_OPS)."`
	RedisURL  string `fromenv:"RUSHGATE_REDIS_URL" placeholder:"URL" help:"Single Redis (RUSHGATE_REDIS_URL)."`
	Keys      string `fromenv:"RUSHGATE_KEYS" placeholder:"FILE" help:"File of signing keys (RUSHGATE_KEYS)."`
	DataDir   string `fromenv:"RUSHGATE_DATA_DIR" placeholder:"DIR" help:"Directory of this gateway alone for what it keeps (RUSHGATE_DATA_DIR)."`
	LogLevel  string `fromenv:"RUSHGATE_LOG_LEVEL" placeholder:"LEVEL" help:"debug, info, warn or error (RUSHGATE_LOG_LEVEL)."`
	LogFormat string `fromenv:"RUSHGATE_LOG_FORMAT" placeholder:"FORMAT" help:"json or text (RUSHGATE_LOG_FORMAT)."`

	redisPassword, sentinelPassword string // from the environment alone: a flag shows in the process list
}

func (o overrides) apply(c *Config) {
	for _, one := range []struct {
		value string
		field *string
	}{
		{o.Gateway, &c.Listeners.Gateway.Address},
		{o.API, &c.Listeners.API.Address},
		{o.Ops, &c.Listeners.Ops.Address},
		{o.RedisURL, &c.Redis.URL},
		{o.redisPassword, &c.Redis.Password},
		{o.sentinelPassword, &c.Redis.Sentinel.Password},
		{o.LogLevel, &c.Log.Level},
		{o.LogFormat, &c.Log.Format},
	} {
		if one.value != "" {
			*one.field = one.value
		}
	}
	for _, one := range []struct {
		value string
		field *string
	}{{o.Keys, &c.Keys}, {o.DataDir, &c.DataDir}} {
		if one.value == "" {
			continue
		}
		*one.field = one.value
		if absolute, err := filepath.Abs(one.value); err == nil {
			*one.field = absolute // relative to where we were started, not to the file
		}
	}
}
