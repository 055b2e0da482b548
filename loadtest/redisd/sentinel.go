package redisd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/loadtest/process"
)

// Master is the name by which the sentinels know the primary.
const Master = "line"

const sentinels = 3

// Sentinel is a primary with one replica, watched by three sentinels.
type Sentinel struct {
	Primary, Replica *Node // as they began; a failover changes their parts
	Addresses        []string
	watchers         []*process.Process
}

const sentinelFile = `port %s
bind 127.0.0.1
dir %s
sentinel monitor ` + Master + ` %s 2
sentinel down-after-milliseconds ` + Master + ` %d
sentinel failover-timeout ` + Master + ` 10000
sentinel parallel-syncs ` + Master + ` 1
`

// StartSentinel starts everything below dir and returns when the replica has
// caught up and the sentinels know of each other. downAfter is how long a
// primary is silent before it is replaced; args go to primary and replica.
func StartSentinel(ctx context.Context, dir string, downAfter time.Duration, args ...string) (_ *Sentinel, err error) {
	s := &Sentinel{}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	args = append([]string{"--repl-diskless-sync-delay", "0"}, args...)
	if s.Primary, err = Start(ctx, dir, "primary", args...); err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(s.Primary.Address)
	if s.Replica, err = Start(ctx, dir, "replica", append(args, "--replicaof", host, port)...); err != nil {
		return nil, err
	}
	for i := range sentinels {
		if err := s.watch(ctx, filepath.Join(dir, fmt.Sprint("sentinel-", i+1)), downAfter); err != nil {
			return nil, err
		}
	}
	return s, s.settled(ctx)
}

func (s *Sentinel) watch(ctx context.Context, dir string, downAfter time.Duration) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	address, err := process.FreeAddress()
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(address)
	file := filepath.Join(dir, "sentinel.conf")
	primary := strings.ReplaceAll(s.Primary.Address, ":", " ")
	if err := os.WriteFile(file, fmt.Appendf(nil, sentinelFile, port, dir, primary, downAfter.Milliseconds()), 0o600); err != nil {
		return err
	}
	p, err := process.Start(dir, "sentinel", "redis-sentinel", file)
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("redis-sentinel is not installed, 'make deps' installs it: %w", err)
	}
	if err != nil {
		return err
	}
	s.watchers, s.Addresses = append(s.watchers, p), append(s.Addresses, address)
	return p.Await(ctx, process.Accepts(address))
}

// settled waits for the replica and for the sentinels' acquaintance.
func (s *Sentinel) settled(ctx context.Context) error {
	err := await(ctx, "replica in step", func() (bool, error) {
		info, err := s.Replica.Client.Info(ctx, "replication").Result()
		return strings.Contains(info, "master_link_status:up"), err
	})
	if err != nil {
		return err
	}
	return s.each(ctx, func(c *redis.SentinelClient) error {
		return await(ctx, "sentinels know each other", func() (bool, error) {
			others, err := c.Sentinels(ctx, Master).Result()
			if err != nil || len(others) < sentinels-1 {
				return false, err
			}
			replicas, err := c.Replicas(ctx, Master).Result()
			return len(replicas) > 0, err
		})
	})
}

func (s *Sentinel) each(ctx context.Context, f func(*redis.SentinelClient) error) error {
	for _, address := range s.Addresses {
		c := redis.NewSentinelClient(&redis.Options{Addr: address})
		err := errors.Join(f(c), c.Close())
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
	}
	return nil
}

// AwaitFailover returns when every sentinel names the replica as the primary.
func (s *Sentinel) AwaitFailover(ctx context.Context) error {
	return s.each(ctx, func(c *redis.SentinelClient) error {
		return await(ctx, "failover", func() (bool, error) {
			addr, err := c.GetMasterAddrByName(ctx, Master).Result()
			return err == nil && net.JoinHostPort(addr[0], addr[1]) == s.Replica.Address, err
		})
	})
}

// Failover has the sentinels replace a primary that is well.
func (s *Sentinel) Failover(ctx context.Context) error {
	c := redis.NewSentinelClient(&redis.Options{Addr: s.Addresses[0]})
	defer func() { _ = c.Close() }()
	if err := c.Failover(ctx, Master).Err(); err != nil {
		return fmt.Errorf("sentinel failover: %w", err)
	}
	return s.AwaitFailover(ctx)
}

// ReplicateThrough makes the replica follow the primary by way of a proxy, so
// that it can be held back. The sentinels undo it after some eight seconds.
func (s *Sentinel) ReplicateThrough(ctx context.Context, address string) error {
	host, port, _ := net.SplitHostPort(address)
	if err := s.Replica.tell(ctx, "REPLICAOF", host, port); err != nil {
		return err
	}
	return await(ctx, "replica in step again", func() (bool, error) {
		info, err := s.Replica.Client.Info(ctx, "replication").Result()
		return strings.Contains(info, "master_link_status:up"), err
	})
}

// Stop ends all of it.
func (s *Sentinel) Stop() {
	for _, w := range s.watchers {
		w.Stop()
	}
	for _, n := range []*Node{s.Replica, s.Primary} {
		if n != nil {
			n.Stop()
		}
	}
}
