package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/bilten/rushgate/web/organizer"
)

type roomCommand struct {
	Event  string   `arg:"" help:"Event id."`
	Action string   `arg:"" enum:"watch,suspend,resume,pause,unpause,queue-all,unqueue,close,reopen,reject,accept,sold-out,on-sale,release-all,rate,cap,message,stock,draw-value,readiness" help:"One of the above."`
	Value  []string `arg:"" optional:"" help:"rate, cap: the number; message, draw-value: the text; release-all: how many people wait; stock: what is left."`

	API    string `name:"api" fromenv:"RUSHGATE_API_URL" default:"http://127.0.0.1:8081" placeholder:"URL" help:"Organizer API (RUSHGATE_API_URL)."`
	Key    string `fromenv:"RUSHGATE_API_KEY" required:"" placeholder:"KEY" help:"API key (RUSHGATE_API_KEY, which does not show in the process list)."`
	Reason string `placeholder:"TEXT" help:"Why; it stands in the event's log."`
	Count  int    `placeholder:"N" help:"watch: stop after so many lines."`
}

func (roomCommand) Help() string {
	return `Every action sets a control to a fixed value: doing it twice changes nothing more.
Gateways follow within a second.

  watch                   a line every second
  suspend / resume        the room off, once the line has drained at its rate; on again
  pause / unpause         nobody new comes in, not even the called; go on
  queue-all / unqueue     everybody waits and nobody new is called; go on
  close / reopen          no more joins, and the line is told so
  reject / accept         newcomers are refused for now, the line goes on
  rate N                  people let in per minute
  cap N                   people inside at once
  message TEXT            on the waiting page; "" takes it down
  draw-value TEXT         the public value that the event named for its draw, once the draw is closed
  stock                   what is left to buy, as the shop or you said it
  stock WHAT              say it: 120, "120;held=14" or "floor=100;held=10, balcony=20";
                          0 closes the line after some seconds, "unknown" takes it back
  sold-out / on-sale      nobody is called and the line is told so; go on
  release-all N           let the whole line go at once; N is how many wait, a tenth off at most
  readiness               is this event ready for the sale hour

Example:

    export RUSHGATE_API_KEY=rgk_…
    rushgate room summer-tour watch
    rushgate room summer-tour rate 120 --reason "payment provider is slow"`
}

// Run does what Action says.
func (c roomCommand) Run(a *app) error {
	api, err := dialOrganizer(a.ctx, c.API, c.Key, c.Reason)
	if err != nil {
		return err
	}
	if err := c.countValues(); err != nil {
		return err
	}
	switch c.Action {
	case "watch":
		return c.watch(a, api)
	case "readiness":
		return c.readiness(a, api)
	case "stock":
		return c.stock(a, api)
	case "rate":
		return c.setNumber(a, api, "rate", "new_users_per_minute")
	case "cap":
		return c.setNumber(a, api, "rate", "total_active_users")
	case "release-all":
		return c.setNumber(a, api, "release-all", "waiting")
	case "message":
		return c.send(a, api, "message", map[string]string{"message": c.Value[0]})
	case "draw-value":
		return c.send(a, api, "draw-value", map[string]string{"value": c.Value[0]})
	default:
		return c.send(a, api, c.Action, nil)
	}
}

func (c roomCommand) countValues() error {
	want := 0
	switch c.Action {
	case "stock":
		want = min(1, len(c.Value))
	case "rate", "cap", "release-all", "message", "draw-value":
		want = 1
	}
	switch {
	case len(c.Value) < want:
		return fmt.Errorf("%s: needs a value", c.Action)
	case len(c.Value) > want:
		return fmt.Errorf("%s: %q: takes no such value", c.Action, c.Value[want])
	}
	return nil
}

func (c roomCommand) setNumber(a *app, api *organizerClient, action, field string) error {
	n, err := strconv.ParseInt(c.Value[0], 10, 64)
	if err != nil {
		return fmt.Errorf("%s: %q: must be a whole number", c.Action, c.Value[0])
	}
	return c.send(a, api, action, map[string]int64{field: n})
}

func (c roomCommand) send(a *app, api *organizerClient, action string, body any) error {
	version, err := api.do(a.ctx, http.MethodPost, c.Event+"/"+action, body, nil)
	if err != nil {
		return err
	}
	printf(a.stdout, "%s: %s done, version %s\n", c.Event, c.Action, version)
	return nil
}

func (c roomCommand) readiness(a *app, api *organizerClient) error {
	var answer struct {
		Ready  bool              `json:"ready"`
		Checks []organizer.Check `json:"checks"`
	}
	if _, err := api.do(a.ctx, http.MethodGet, c.Event+"/readiness", nil, &answer); err != nil {
		return err
	}
	for _, check := range answer.Checks {
		mark := "ok"
		if !check.OK {
			mark = "NOT OK"
		}
		printf(a.stdout, "%-7s %s: %s\n", mark, check.Check, check.Detail)
	}
	if !answer.Ready {
		return errReported
	}
	return nil
}

const (
	watchEvery  = time.Second
	watchHeader = "time      mode      room                waiting   called   inside      /cap  /min     /rate  wait\n"
	headerEvery = 20 // lines
)

// watch prints a line every second until it is interrupted. An answer that
// fails is a line too: in the sale hour one lost packet must not end the watch.
func (c roomCommand) watch(a *app, api *organizerClient) error {
	ctx, stop := signal.NotifyContext(a.ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for printed := 0; c.Count == 0 || printed < c.Count; printed++ {
		if printed%headerEvery == 0 {
			printf(a.stdout, watchHeader)
		}
		var live liveRoom
		if _, err := api.do(ctx, http.MethodGet, c.Event+"/live", nil, &live); ctx.Err() != nil {
			return nil // interrupted: that is how a watch ends
		} else if err != nil {
			if refused(err) {
				return err
			}
			printf(a.stdout, "%v\n", err)
		} else {
			printf(a.stdout, "%s\n", live)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
	return nil
}

// liveRoom is what watch shows of GET …/live.
type liveRoom struct {
	organizer.LiveView
	Waiting int64 `json:"waiting"`
	Version int64 `json:"version"`
	Stance  struct {
		Reason string `json:"reason"`
	} `json:"stance"`
	Controls struct {
		Cap  int64 `json:"total_active_users"`
		Rate int64 `json:"new_users_per_minute"`
	} `json:"controls"`
}

func (l liveRoom) String() string {
	wait := "?"
	if l.WaitP90 > 0 {
		wait = fmt.Sprintf("%s to %s", time.Duration(l.WaitP50)*time.Second, time.Duration(l.WaitP90)*time.Second)
	}
	return fmt.Sprintf("%s  %-8s  %-18s %8d %8d %8d %9d %5d %9d  %s%s",
		l.At.Local().Format(time.TimeOnly), l.Mode, l.Stance.Reason, l.Waiting, l.Called, l.Active, l.Controls.Cap, l.PerMinute, l.Controls.Rate, wait, l.limited())
}

// limited says what the room may do where that is less than the organizer set.
func (l liveRoom) limited() string {
	if l.Limits.Reason == "" {
		return ""
	}
	return fmt.Sprintf("  %s: %.0f a minute, %d inside, %d of %d instances ready",
		l.Limits.Reason, l.Limits.PerMinute, l.Limits.Sessions, l.Limits.Ready, l.Limits.Known)
}
