package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/web"
)

// Config is the operator's file: listeners, Redis, pools and who may use them.
// Organizers never see it; what they declare are events.
//
// The help tags are the reference in docs/configuration.md; a test holds the
// two together.
type Config struct {
	Listeners      Listeners               `yaml:"listeners"`
	Redis          Redis                   `yaml:"redis"`
	Keys           string                  `yaml:"keys" help:"File of signing keys, made by 'rushgate keys new'. Every gateway needs the same one; without it a lone gateway makes keys of its own, and passes end with the process."`
	DataDir        string                  `yaml:"data_dir" help:"Directory of this gateway alone, made with mode 0700, where it keeps the last good events. From there they come back when Redis has lost them, and a gateway that starts while Redis is away serves by them. Empty: nothing is kept, and such a start fails."`
	Issuer         string                  `yaml:"issuer" help:"Stands in every admission as iss; the shops that verify admissions demand it."`
	Prefix         string                  `yaml:"prefix" help:"Reserved for the gateway on every host; the shop must have nothing there."`
	TrustedProxies []string                `yaml:"trusted_proxies" help:"Networks (CIDR) of the balancers in front, whose X-Forwarded-For names the visitor. While it is empty, everybody behind one balancer is one visitor to the limits; /readyz warns of it."`
	Pools          map[string]Pool         `yaml:"pools"`
	Organizations  map[string]Organization `yaml:"organizations"`
	Services       map[string]Service      `yaml:"services"`
	Scaling        Scaling                 `yaml:"scaling"`
	APIKeys        []APIKey                `yaml:"api_keys"`
	Events         []string                `yaml:"events" help:"Event files or globs, relative to this file. The organizer API changes only the live controls of what they declare."`
	Prices         []string                `yaml:"prices" help:"Files or globs with price rules, relative to this file, one for each event of the event files. They come into force at the start if the file says something new; what an organizer approves later stays until it does."`
	PricesWaiver   string                  `yaml:"prices_waiver" help:"Why the rules of these files may come into force less than 24 hours before a sale, or after its start. It stands in the ledger. Empty: such rules are refused, and those before them stay."`
	Identity       IdentityRules           `yaml:"identity"`
	Limits         Limits                  `yaml:"limits"`
	RestoreWindow  time.Duration           `yaml:"restore_window" help:"How long a room calls nobody after Redis has lost it, or a part, so that everybody's place can come back first. Two polls of a page far from its turn, with their jitter."`
	Log            Log                     `yaml:"log"`
	Shutdown       Shutdown                `yaml:"shutdown"`

	file string // as named on the command line, for messages and relative paths
}

// Log is what is written to standard error, and how.
type Log struct {
	Level  string `yaml:"level" help:"debug, info, warn or error."`
	Format string `yaml:"format" help:"json for machines, text for people."`
}

// Shutdown is the time that a gateway takes to leave.
type Shutdown struct {
	DrainDelay time.Duration `yaml:"drain_delay" help:"Between 'not ready' and the first closed listener: the balancer must notice in between. Longer than its check period times its threshold."`
	Timeout    time.Duration `yaml:"timeout" help:"How long requests in flight may take to finish after that."`
}

// defaults holds every default there is; the reason for each is in its help.
func defaults() Config {
	return Config{
		Listeners: Listeners{
			Gateway: Listener{Address: ":8080"},
			API:     Listener{Address: "127.0.0.1:8081"},
			Ops:     Listener{Address: "127.0.0.1:8082"},
		},
		Issuer:        "rushgate",
		Prefix:        web.Prefix,
		Redis:         Redis{Timeout: 500 * time.Millisecond, PoolSize: 32},
		RestoreWindow: room.DefaultWindow,
		Scaling:       Scaling{Prometheus: Prometheus{Timeout: 5 * time.Second}},
		Limits: Limits{
			JoinPerAddress: AddressLimit{PerSecond: 20, Burst: 200},
			JoinPerSite:    SiteLimit{PerSecond: 40, Burst: 400},
			JoinPerNetwork: NetworkLimit{PerSecond: 200, Burst: 2000},
		},
		Log:      Log{Level: "info", Format: "json"},
		Shutdown: Shutdown{DrainDelay: 5 * time.Second, Timeout: 30 * time.Second},
	}
}

// maxConfigBytes is far above any sane file and far below what a YAML bomb needs.
const maxConfigBytes = 1 << 20

// loadConfig reads the operator's file, lays the overrides on it and names
// everything that is wrong with the result, all at once.
func loadConfig(file string, over overrides) (Config, error) {
	config := defaults()
	config.file = file
	data, err := readSmall(file)
	if err != nil {
		return Config{}, err
	}
	if err := decodeStrict(data, &config); err != nil {
		return Config{}, inFile(file, err)
	}
	over.apply(&config)
	if err := config.validate(); err != nil {
		return Config{}, err
	}
	return config, nil
}

// beside resolves a path in the operator's file relative to that file.
func (c Config) beside(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(c.file), path)
}

func readSmall(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxConfigBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if len(data) > maxConfigBytes {
		return nil, fmt.Errorf("%s: larger than %d bytes", file, maxConfigBytes)
	}
	return data, nil
}

// decodeStrict refuses unknown and doubled fields. An empty file changes nothing.
func decodeStrict(data []byte, into any) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	err := yaml.Load(data, into, yaml.WithKnownFields())
	var many *yaml.LoadErrors
	if errors.As(err, &many) {
		each := make([]error, 0, len(many.Errors))
		for _, one := range many.Errors {
			each = append(each, inPlainWords(one))
		}
		return errors.Join(each...)
	}
	if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		return inPlainWords(one)
	}
	return err
}

var goType = regexp.MustCompile(`field (\S+) not found in type \S+`)

// inPlainWords takes the names of our Go types out of the parser's words.
func inPlainWords(wrong *yaml.LoadError) error {
	return fmt.Errorf("line %d: %s", wrong.Mark.Line, goType.ReplaceAllString(wrong.Message, `unknown field "$1"`))
}
