package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

const organization = "acme"

// files are what both gateways are started with.
type files struct {
	config string
	key    string // of the organizer API
}

// operatorsFile keeps address limits out of the way: all visitors of a rush
// come from one address.
const operatorsFile = `redis:
  url: redis://%s/0
keys: keys.yaml
pools:
  shop:
    instances: ["http://%s"]
organizations:
  acme:
    hosts: [tickets.localhost]
    upstreams:
      - {path: /**, pool: shop}
events: [event.yaml]
limits:
  join_per_address: {per_second: 1000000, burst: 1000000}
log:
  level: warn
shutdown:
  drain_delay: 0s
  timeout: 3s
%s`

const eventFile = `id: rush
organization: acme
name: The rush
routes:
  - {host: tickets.localhost, path: /buy/**}
room:
  new_users_per_minute: %d
  total_active_users: %d
  turn_ttl: %v
  late_grace: 1m
  session_duration: %v
`

var keyLine = regexp.MustCompile(`(?m)^key: (\S+)\n\s*((?s:api_keys:.*))`)

// prepare writes keys, event and operator's file, with the program's own
// commands where there are any, and has the program check them.
func prepare(ctx context.Context, dir, binary string, r room, redis, shop string) (files, error) {
	f := files{config: filepath.Join(dir, "rushgate.yaml")}
	if _, err := output(ctx, binary, "keys", "new", filepath.Join(dir, "keys.yaml")); err != nil {
		return f, err
	}
	printed, err := output(ctx, binary, "apikey", "create", "--organization", organization)
	if err != nil {
		return f, err
	}
	match := keyLine.FindStringSubmatch(printed)
	if match == nil {
		return f, fmt.Errorf("rushgate apikey create prints no key and its lines:\n%s", printed)
	}
	f.key = match[1]
	event := fmt.Sprintf(eventFile, r.PerMinute, r.Cap, r.Turn, r.Session)
	if err := os.WriteFile(filepath.Join(dir, "event.yaml"), []byte(event), 0o600); err != nil {
		return f, err
	}
	config := fmt.Sprintf(operatorsFile, redis, shop, match[2])
	if err := os.WriteFile(f.config, []byte(config), 0o600); err != nil {
		return f, err
	}
	_, err = output(ctx, binary, "check", f.config)
	return f, err
}
