package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bilten/rushgate/prescale/rush"
)

type rushCommand struct {
	Event  string `arg:"" help:"Event id."`
	Action string `arg:"" enum:"status,arm,start,cancel,revert" default:"status" help:"One of the above."`

	API    string `name:"api" fromenv:"RUSHGATE_API_URL" default:"http://127.0.0.1:8081" placeholder:"URL" help:"Organizer API (RUSHGATE_API_URL)."`
	Key    string `fromenv:"RUSHGATE_API_KEY" required:"" placeholder:"KEY" help:"API key (RUSHGATE_API_KEY, which does not show in the process list)."`
	Reason string `placeholder:"TEXT" help:"Why; it stands in the rush's log."`
}

func (rushCommand) Help() string {
	return `A rush makes an event ready: capacity first, then the queue, then the prices; and takes
all of it back after the event.

  status   how far it is, what failed, and what is still to come
  arm      by the schedule, also after a cancel
  start    now, whatever the schedule says
  cancel   no further step; what was done stays until the event is over
  revert   the way back, now

Example:

    export RUSHGATE_API_KEY=rgk_…
    rushgate rush summer-tour
    rushgate rush summer-tour cancel --reason "the singer is ill"`
}

// Run asks, and prints the rush as it stands then.
func (c rushCommand) Run(a *app) error {
	api, err := dialOrganizer(a.ctx, c.API, c.Key, c.Reason)
	if err != nil {
		return err
	}
	method, path := http.MethodGet, c.Event+"/rush"
	if c.Action != "status" {
		method, path = http.MethodPost, path+"/"+c.Action
	}
	var status rush.Status
	if _, err := api.do(a.ctx, method, path, nil, &status); err != nil {
		return err
	}
	c.print(a, status)
	return nil
}

func (c rushCommand) print(a *app, s rush.Status) {
	line := s.Event + ": " + s.Phase
	if s.Since != nil {
		line += " since " + s.Since.Local().Format(time.DateTime) + ", by " + s.By
	}
	if s.Reason != "" {
		line += ": " + s.Reason
	}
	printf(a.stdout, "%s\n", line)
	for _, when := range []struct {
		at   *time.Time
		says string
	}{{s.DueAt, "begins"}, {s.QueueOnBy, "queue on at the latest"}, {s.CapacityEnd, "capacity given back at the latest"}} {
		if when.at != nil {
			printf(a.stdout, "  %-34s %s\n", when.says, when.at.Local().Format(time.DateTime))
		}
	}
	if s.Warning != "" {
		printf(a.stdout, "  WARNING %s\n", s.Warning)
	}
	for _, step := range s.Steps {
		told := step.Detail
		if step.LastError != "" {
			told = "FAILED: " + step.LastError
		}
		printf(a.stdout, "%s\n", strings.TrimRight(sprintStep(step, told), " "))
	}
	for _, one := range s.Scaling {
		printf(a.stdout, "  %-18s %d of %d ready on target %s (%d for this event) %s\n", one.Name, one.Ready, one.Level, one.Target, one.Instances, one.Detail)
	}
}

func sprintStep(step rush.StepStatus, told string) string {
	return fmt.Sprintf("  %-18s %-8s %3d tries  %s", step.Step, step.State, step.Attempts, told)
}
