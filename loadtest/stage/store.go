package stage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bilten/rushgate/loadtest/redisd"
)

// Kind is a way in which Redis is run.
type Kind int

const (
	Alone    Kind = iota // one server
	Sentinel             // a primary and a replica, three sentinels
	Cluster              // three primaries, three replicas
)

// DownAfter is how long a primary must be silent until it is replaced.
const DownAfter = 2 * time.Second

// Store is the Redis of a stage: one of these.
type Store struct {
	Node     *redisd.Node
	Link     *redisd.Link // to Node, if it was wanted
	Sentinel *redisd.Sentinel
	Cluster  *redisd.Cluster
}

func (s *Stage) startRedis(ctx context.Context, p Plan) (err error) {
	args := p.Redis
	if args == nil {
		args = redisd.NoDisk
	}
	switch p.Kind {
	case Sentinel:
		if s.Store.Sentinel, err = redisd.StartSentinel(ctx, s.dir, DownAfter, args...); err == nil {
			s.later(s.Store.Sentinel.Stop)
		}
		return err
	case Cluster:
		if s.Store.Cluster, err = redisd.StartCluster(ctx, s.dir, args...); err == nil {
			s.later(s.Store.Cluster.Stop)
		}
		return err
	}
	if s.Store.Node, err = redisd.Start(ctx, s.dir, "redis", args...); err != nil {
		return err
	}
	s.later(s.Store.Node.Stop)
	s.Redis = s.Store.Node.Address
	if !p.Linked {
		return nil
	}
	if s.Store.Link, err = redisd.NewLink(s.Redis); err != nil {
		return err
	}
	s.later(s.Store.Link.Close)
	s.Redis = s.Store.Link.Address
	return nil
}

// section is the operator's file's word on the store.
func (s Store) section(address string) string {
	switch {
	case s.Sentinel != nil:
		return fmt.Sprintf("  sentinel: {master: %s, addresses: [%s]}", redisd.Master, strings.Join(quoted(s.Sentinel.Addresses), ", "))
	case s.Cluster != nil:
		return fmt.Sprintf("  cluster: {addresses: [%s]}", strings.Join(quoted(s.Cluster.Addresses()), ", "))
	}
	return "  url: redis://" + address + "/0"
}

func quoted(words []string) []string {
	marked := make([]string, len(words))
	for i, word := range words {
		marked[i] = `"` + word + `"`
	}
	return marked
}

func (s Store) String() string {
	switch {
	case s.Sentinel != nil:
		return "Redis under three sentinels"
	case s.Cluster != nil:
		return "a Redis Cluster of six"
	}
	return "redis-server at " + s.Node.Address
}
