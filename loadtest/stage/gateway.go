package stage

import (
	"context"

	"github.com/bilten/rushgate/loadtest/process"
)

// Gateway is one of the gateways, a process of its own. It keeps its addresses
// when it is started again.
type Gateway struct {
	Name    string
	Ops     string // address of health and metrics
	visitor string
	dir     string
	words   []string // the command line
	running *process.Process
}

func (s *Stage) open(ctx context.Context, name, binary, config string) error {
	var addresses [3]string // visitors, organizers, operators
	for i := range addresses {
		var err error
		if addresses[i], err = process.FreeAddress(); err != nil {
			return err
		}
	}
	g := &Gateway{
		Name: name, visitor: addresses[0], Ops: addresses[2], dir: s.dir,
		words: []string{binary, "serve", "--config", config, "--gateway", addresses[0], "--api", addresses[1], "--ops", addresses[2]},
	}
	if err := g.Start(ctx); err != nil {
		return err
	}
	s.later(func() { g.running.Stop() })
	s.Gateways, s.Doors = append(s.Gateways, addresses[0]), append(s.Doors, g)
	s.API = addresses[1]
	s.Live = "http://" + addresses[1] + "/v1/organizations/" + organization + "/events/" + EventID + "/live"
	return nil
}

// Start runs the gateway, again if it has ended, and returns when it is ready.
func (g *Gateway) Start(ctx context.Context) (err error) {
	if g.running, err = process.Start(g.dir, g.Name, g.words[0], g.words[1:]...); err != nil {
		return err
	}
	if err := g.running.Await(ctx, process.Succeeds(ctx, "http://"+g.visitor+"/_rushgate/"+EventID+"/now", Host)); err != nil {
		return err
	}
	return g.running.Await(ctx, process.Succeeds(ctx, "http://"+g.Ops+"/readyz", g.Ops))
}

// Kill ends the gateway as a crash does.
func (g *Gateway) Kill() { g.running.Kill() }

// Stop asks it to end, as a deployment does, and waits until it has.
func (g *Gateway) Stop() { g.running.Stop() }

// Pause stops it where it stands until Resume.
func (g *Gateway) Pause() error { return g.running.Pause() }

// Resume lets it go on.
func (g *Gateway) Resume() error { return g.running.Resume() }

// PID is its process, to be weighed.
func (g *Gateway) PID() int { return g.running.PID }

// Log is the end of what it has printed since it was started.
func (g *Gateway) Log() string { return g.running.Tail() }
