package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/bilten/rushgate/loadtest/process"
)

const organization = "acme"

// operatorsFile keeps address limits out of the way: all visitors of a load
// test come from one address.
const operatorsFile = `redis:
%s
keys: keys.yaml
pools:
  shop:%s
organizations:
  acme:
    hosts: [%s]
    upstreams:
      - {path: /**, pool: shop}
events: ["event*.yaml"]
limits:
  join_per_address: {per_second: 1000000, burst: 1000000}
log:
  level: warn
shutdown:
  drain_delay: 0s
  timeout: 3s
%s`

const eventFile = `id: %s
organization: acme
name: The rush
routes:
  - {host: %s, path: %s/**}
room:
  new_users_per_minute: %d
  total_active_users: %d
  turn_ttl: %v
  late_grace: 1m
  session_duration: %v
`

var keyLine = regexp.MustCompile(`(?m)^key: (\S+)\n\s*((?s:api_keys:.*))`)

// prepare writes keys, event and operator's file, with the program's own
// commands where there are any, has the program check them, and returns the
// operator's file.
func (s *Stage) prepare(ctx context.Context, p Plan) (config string, err error) {
	dir, binary := s.dir, p.Program
	if _, err := process.Output(ctx, binary, "keys", "new", filepath.Join(dir, "keys.yaml")); err != nil {
		return "", err
	}
	printed, err := process.Output(ctx, binary, "apikey", "create", "--organization", organization)
	if err != nil {
		return "", err
	}
	match := keyLine.FindStringSubmatch(printed)
	if match == nil {
		return "", fmt.Errorf("rushgate apikey create prints no key and its lines:\n%s", printed)
	}
	s.Key = match[1]
	if err := p.writeEvent(filepath.Join(dir, "event.yaml"), EventID, Path); err != nil {
		return "", err
	}
	if p.Bystander {
		if err := p.writeEvent(filepath.Join(dir, "event-2.yaml"), BystanderID, BystanderPath); err != nil {
			return "", err
		}
	}
	config = filepath.Join(dir, "rushgate.yaml")
	text := fmt.Sprintf(operatorsFile, s.Store.section(s.Redis), p.pool(s.Shop), Host, match[2])
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return "", err
	}
	_, err = process.Output(ctx, binary, "check", config)
	return config, err
}

// pool is what the file says of the pool: Plan's own word, or the shop, which
// takes whatever the room lets in.
func (p Plan) pool(shop string) string {
	if p.Pool != "" {
		return p.Pool
	}
	return "\n    instances: [\"http://" + shop + "\"]\n    sessions_per_instance: 0"
}

func (p Plan) writeEvent(file, id, path string) error {
	r := p.Room
	return os.WriteFile(file, fmt.Appendf(nil, eventFile, id, Host, path, r.PerMinute, r.Cap, r.Turn, r.Session), 0o600)
}
