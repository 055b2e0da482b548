package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/bilten/rushgate/admission/verify"
	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/shop"
)

type demo struct {
	Gateway string        `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where visitors come; port 0 takes a free one."`
	API     string        `name:"api" default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Where the organizer API is."`
	Ops     string        `default:"127.0.0.1:8082" placeholder:"HOST:PORT" help:"Where health and metrics are."`
	Wait    time.Duration `default:"30s" placeholder:"TIME" help:"About how long a newcomer waits (30s)."`
	SellOut bool          `name:"sell-out" help:"The simulated visitors buy: within minutes the shop has nothing left, and the line is told."`
	JSON    bool          `name:"json" help:"Print the addresses as one line of JSON, for tests."`
}

func (demo) Help() string {
	return `A small ticket shop, the gateway in front of it, and a trickle of simulated visitors
who come over HTTP like anybody else, so that the line lives and a newcomer waits.
Nothing is installed, configured or kept.

Example:

    rushgate demo
    rushgate demo --wait 2m
    rushgate demo --sell-out
    rushgate demo --gateway 127.0.0.1:9080 --api 127.0.0.1:9081 --ops 127.0.0.1:9082`
}

//go:embed demo_event.yaml
var demoEvent []byte

//go:embed demo_prices.yaml
var demoPrices string

// addresses is what the demo prints.
type addresses struct {
	Shop    string `json:"shop"` // its first page, which needs no admission
	Gateway string `json:"gateway"`
	Buy     string `json:"buy"` // behind the waiting room
	API     string `json:"api"` // of the event
	APIKey  string `json:"api_key"`
	Event   string `json:"event"`
	Ops     string `json:"ops"`
	Prices  string `json:"prices"`
}

// Run is a whole installation in one process.
func (d demo) Run(a *app) error {
	if d.Wait < time.Second || d.Wait > maxDemoWait {
		return fmt.Errorf("--wait %s: want 1s to %s", d.Wait, maxDemoWait)
	}
	log := newLog(a.stderr, Log{Level: "warn", Format: "text"})
	declared, err := event.Parse(demoEvent)
	if err != nil {
		return fmt.Errorf("demo_event.yaml: %w", err)
	}
	shopListener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("open the shop: %w", err)
	}
	key, hash := newAPIKey()
	config := d.config(declared, "http://"+shopListener.Addr().String(), hash)
	running, err := d.open(config, declared, log)
	if err != nil {
		return errors.Join(err, shopListener.Close())
	}
	gateway, api, ops := running.doors[0].url(), running.doors[1].url(), running.doors[2].url()
	upstream, err := demoShop(declared, config.Issuer, gateway, shopListener, log)
	if err != nil {
		return errors.Join(err, shopListener.Close())
	}
	running.doors = append(running.doors, upstream)
	where := addresses{
		Shop: gateway + shop.EventPath, Gateway: gateway, Buy: gateway + shop.EventPath + "/buy",
		API:    api + "/v1/organizations/" + declared.Organization + "/events/" + declared.ID,
		APIKey: key, Event: declared.ID, Ops: ops,
		Prices: gateway + "/_rushgate/" + declared.ID + "/prices",
	}
	crowd := trickle{gateway: gateway, buy: where.Buy, event: declared.ID, size: crowdFor(d.Wait), buys: d.SellOut, log: log}
	running.loops = append(running.loops, crowd.run, func(ctx context.Context) { d.tell(ctx, a, where, api) })

	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)
	return running.run(a.ctx, signals)
}

// config is the operator's file that the demo would have.
func (d demo) config(declared event.Event, shopURL, keyHash string) Config {
	config := defaults()
	config.file = "demo"
	config.Listeners = Listeners{Gateway: Listener{Address: d.Gateway}, API: Listener{Address: d.API}, Ops: Listener{Address: d.Ops}}
	config.Pools = map[string]Pool{"shop": {PoolSources: PoolSources{Instances: []string{shopURL}}}}
	config.Organizations = map[string]Organization{declared.Organization: {
		Hosts: []string{"127.0.0.1", "localhost"}, Upstreams: []Upstream{{Path: "/**", Pool: "shop"}},
	}}
	config.APIKeys = []APIKey{{Name: "demo", Organization: declared.Organization, SHA256: keyHash}}
	config.PricesWaiver = "a demo sells at once: nobody had to decide a day before"
	config.Shutdown = Shutdown{Timeout: time.Second} // nobody waits for a balancer here
	return config
}

func (d demo) open(config Config, declared event.Event, log *slog.Logger) (*life, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	plan, err := draw(context.Background(), config, log)
	if err != nil {
		return nil, err
	}
	plan.events = []event.Event{declared}
	plan.prices = []priceFile{{file: "demo_prices.yaml", event: declared.ID, document: demoPrices}}
	return plan.start(context.Background())
}

// demoShop is the shop behind the gateway. It verifies admissions by itself, as
// a shop should that can also be reached directly.
func demoShop(declared event.Event, issuer, gateway string, listener net.Listener, log *slog.Logger) (*door, error) {
	guard, err := verify.New(verify.Options{
		Issuer: issuer, Organization: declared.Organization, Event: declared.ID,
		Grace: time.Duration(declared.Room.CommitGrace), JWKS: gateway + "/.well-known/jwks.json", Logger: log,
	})
	if err != nil {
		return nil, err
	}
	server := insideServer(shop.New(shop.Options{Guard: guard.Handler, ByTier: true, Log: log}))
	return &door{name: "shop", listener: listener, server: server}, nil
}

// maxDemoWait is as much of a crowd as a small machine plays on the side.
const maxDemoWait = 5 * time.Minute

// tell prints the addresses once half of the crowd waits: a visitor who comes
// then meets the line, not an empty room.
func (d demo) tell(ctx context.Context, a *app, where addresses, api string) {
	client := &organizerClient{events: api + "/v1/", key: where.APIKey, http: &http.Client{Timeout: organizerTimeout}}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		var live liveRoom
		_, err := client.do(ctx, http.MethodGet, "organizations/demo/events/"+where.Event+"/live", nil, &live)
		if err == nil && live.Waiting >= int64(crowdFor(d.Wait)/2) {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
	if d.JSON {
		_ = json.NewEncoder(a.stdout).Encode(where)
		return
	}
	printf(a.stdout, `Rushgate demo. Ctrl-C ends it; nothing is kept.

  The shop                     %[1]s
  Straight to the tickets      %[2]s
                               you wait about %[8]s, then your turn comes by itself

  Stop the room, which lets the line drain first, and start it again:
    curl -X POST -H "Authorization: Bearer %[3]s" %[4]s/suspend
    curl -X POST -H "Authorization: Bearer %[3]s" %[4]s/resume

  Watch it:
    go run ./cmd/rushgate room %[5]s watch --api %[6]s --key %[3]s

  Prices that follow the line, and why
    curl %[9]s

  Health and metrics           %[7]s/readyz  %[7]s/metrics
`, where.Shop, where.Buy, where.APIKey, where.API, where.Event, api, where.Ops, d.Wait, where.Prices)
}
