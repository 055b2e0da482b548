package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/bilten/rushgate/event"
	"github.com/bilten/rushgate/prescale"
	"github.com/bilten/rushgate/prescale/manifest"
)

type planCommand struct {
	Show     planShow     `cmd:"" default:"withargs" help:"Plan the capacity of an event (the default)."`
	Backtest planBacktest `cmd:"" help:"Hold the forecast against real traffic, and say how good it is."`
}

func (planCommand) Help() string {
	return `"rushgate plan EVENT" is short for "rushgate plan show EVENT".

Example:

    rushgate plan deploy/examples/events/summer-tour.yaml
    rushgate plan summer-tour --config deploy/examples/rushgate.yaml
    rushgate plan backtest`
}

type planShow struct {
	Event   string        `arg:"" name:"event" help:"An event file, or with --config the id of one of its events."`
	Config  string        `placeholder:"FILE" help:"Operator's file, for the services and what they cost. Without it: those that the event names, or one, of which an instance carries 1000 sessions."`
	JSON    bool          `name:"json" help:"The plan as JSON."`
	YAML    manifest.Kind `name:"yaml" placeholder:"KIND" help:"The plan for a Kubernetes cluster: hpa, keda or scalingschedule."`
	Arrived int           `placeholder:"N" help:"How many have joined the pre-queue so far. It needs past events with a course."`
	Before  time.Duration `placeholder:"TIME" help:"How long before the start that was, as in 10m."`
}

func (planShow) Help() string {
	return `Says how many will come (p50 and p90), how many sessions at once that makes, how many
instances of what carry them, when to begin, what it costs, and what to do about it. It
changes nothing. The event's section "prescale" has what is known of the crowd.

Example:

    rushgate plan deploy/examples/events/summer-tour.yaml
    rushgate plan summer-tour --config deploy/examples/rushgate.yaml
    rushgate plan summer-tour --config rushgate.yaml --arrived 5200 --before 10m
    rushgate plan summer-tour --config rushgate.yaml --yaml keda | kubectl apply -f -`
}

// Run reads everything and plans before it writes anything.
func (c planShow) Run(a *app) error {
	if c.JSON && c.YAML != "" {
		return errors.New("--json and --yaml: want one of them")
	}
	e, services, err := c.read()
	if err != nil {
		return err
	}
	request := prescale.Declared(e)
	if request.Services, err = prescale.Pick(services, e.Prescale.Services); err != nil {
		return fmt.Errorf("event %s: %w", e.ID, err)
	}
	if c.Arrived != 0 || c.Before != 0 {
		request.Evidence.Arrived = &prescale.Mark{At: -c.Before, Visitors: c.Arrived}
	}
	plan, err := prescale.NewPlan(request)
	if err != nil {
		return fmt.Errorf("event %s: %w", e.ID, err)
	}
	switch {
	case c.JSON:
		encoder := json.NewEncoder(a.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(plan)
	case c.YAML != "":
		text, err := manifest.Write(plan, c.YAML)
		if err != nil {
			return err
		}
		_, err = a.stdout.Write(text)
		return err
	}
	return prescale.Print(a.stdout, e, plan)
}

// read finds the event and the services. Keys, certificates and Redis are not
// needed, so that a plan can be made far from the gateways.
func (c planShow) read() (event.Event, []prescale.Service, error) {
	if c.Config == "" {
		e, err := readEvent(c.Event)
		if errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("%w; to name an event by its id, add --config", err)
		}
		services, serviceErr := assumed(e)
		return e, services, errors.Join(err, serviceErr)
	}
	config := defaults()
	config.file = c.Config
	data, err := readSmall(c.Config)
	if err != nil {
		return event.Event{}, nil, err
	}
	if err := decodeStrict(data, &config); err != nil {
		return event.Event{}, nil, inFile(c.Config, err)
	}
	services, err := config.plannedServices()
	if err != nil {
		return event.Event{}, nil, inFile(c.Config, err)
	}
	e, err := config.findEvent(c.Event)
	return e, services, err
}

// assumed are services of default size, where nobody has said what an operator has.
func assumed(e event.Event) ([]prescale.Service, error) {
	names := e.Prescale.Services
	if len(names) == 0 {
		names = []string{"shop"}
	}
	var services []prescale.Service
	for _, name := range names {
		service, err := Service{}.planned(name)
		if err != nil {
			return nil, err
		}
		services = append(services, service)
	}
	return services, nil
}

// findEvent takes a file's name, or the id of an event among the config's files.
func (c Config) findEvent(nameOrID string) (event.Event, error) {
	if _, err := os.Stat(nameOrID); err == nil {
		return readEvent(nameOrID)
	}
	files, err := c.eventFiles()
	if err != nil {
		return event.Event{}, err
	}
	for _, file := range files {
		e, err := readEvent(file)
		if err != nil {
			return event.Event{}, err
		}
		if e.ID == nameOrID {
			return e, nil
		}
	}
	return event.Event{}, fmt.Errorf("%s: no event %q among its event files, and no such file", c.file, nameOrID)
}
