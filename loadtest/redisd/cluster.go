package redisd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/loadtest/process"
)

// Cluster is three primaries with a replica each.
type Cluster struct {
	Nodes []*Node // the first half began as primaries
}

const (
	primaries = 3
	slots     = 16384
)

// StartCluster starts six nodes below dir, joins them and returns when all of
// them see every slot served and every replica in step.
func StartCluster(ctx context.Context, dir string, args ...string) (_ *Cluster, err error) {
	c := &Cluster{}
	defer func() {
		if err != nil {
			c.Stop()
		}
	}()
	for i := range 2 * primaries {
		bus, err := process.FreeAddress() // the default, port + 10000, may not exist
		if err != nil {
			return nil, err
		}
		_, port, _ := net.SplitHostPort(bus)
		n, err := Start(ctx, dir, fmt.Sprint("node-", i+1), append([]string{
			"--cluster-enabled", "yes", "--cluster-port", port, "--cluster-node-timeout", "2000",
			"--repl-diskless-sync-delay", "0", "--cluster-replica-validity-factor", "0",
		}, args...)...)
		if err != nil {
			return nil, err
		}
		c.Nodes = append(c.Nodes, n)
		if err := c.meet(ctx, n, port); err != nil {
			return nil, err
		}
	}
	return c, c.deal(ctx)
}

func (c *Cluster) meet(ctx context.Context, n *Node, bus string) error {
	host, port, _ := net.SplitHostPort(n.Address)
	return c.Nodes[0].tell(ctx, "CLUSTER", "MEET", host, port, bus)
}

// deal gives out the slots and the replicas.
func (c *Cluster) deal(ctx context.Context) error {
	for i, n := range c.Nodes[:primaries] {
		if err := n.Client.ClusterAddSlotsRange(ctx, i*slots/primaries, (i+1)*slots/primaries-1).Err(); err != nil {
			return fmt.Errorf("slots for %s: %w", n.name, err)
		}
	}
	for _, n := range c.Nodes {
		if err := await(ctx, "nodes know each other", func() (bool, error) { return c.knows(ctx, n, 2*primaries) }); err != nil {
			return err
		}
	}
	for i, n := range c.Nodes[primaries:] {
		id, err := c.Nodes[i].Client.ClusterMyID(ctx).Result()
		if err != nil {
			return err
		}
		if err := n.Client.ClusterReplicate(ctx, id).Err(); err != nil {
			return fmt.Errorf("replica %s: %w", n.name, err)
		}
	}
	for i, n := range c.Nodes {
		err := await(ctx, "cluster is well", func() (bool, error) {
			info, err := n.Client.ClusterInfo(ctx).Result()
			if err != nil || !strings.Contains(info, "cluster_state:ok") || i < primaries {
				return err == nil && strings.Contains(info, "cluster_state:ok"), err
			}
			replication, err := n.Client.Info(ctx, "replication").Result()
			return strings.Contains(replication, "master_link_status:up"), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) knows(ctx context.Context, n *Node, want int) (bool, error) {
	nodes, err := n.Client.ClusterNodes(ctx).Result()
	return strings.Count(nodes, "connected")-strings.Count(nodes, "disconnected") >= want && !strings.Contains(nodes, "handshake"), err
}

// Addresses are of all nodes.
func (c *Cluster) Addresses() []string {
	var all []string
	for _, n := range c.Nodes {
		all = append(all, n.Address)
	}
	return all
}

// Owner is the primary that serves a key, and Other one that does not. They are
// found among the nodes that began as primaries.
func (c *Cluster) Owner(ctx context.Context, key string) (owner, other *Node, err error) {
	for _, n := range c.Nodes[:primaries] {
		switch err := n.Client.Exists(ctx, key).Err(); {
		case err == nil:
			owner = n
		case redis.HasErrorPrefix(err, "MOVED"):
			other = n
		default:
			return nil, nil, err
		}
	}
	if owner == nil || other == nil {
		return nil, nil, errors.New("no node serves " + key)
	}
	return owner, other, nil
}

// MoveSlot moves the slot of a key to another primary, one key at a time with a
// pause after each, so that scripts meet a slot of which half has gone.
func (c *Cluster) MoveSlot(ctx context.Context, key string, pause time.Duration) error {
	from, to, err := c.Owner(ctx, key)
	if err != nil {
		return err
	}
	slot, err := from.Client.ClusterKeySlot(ctx, key).Result()
	if err != nil {
		return err
	}
	fromID, toID := from.Client.ClusterMyID(ctx).Val(), to.Client.ClusterMyID(ctx).Val()
	if err := to.tell(ctx, "CLUSTER", "SETSLOT", slot, "IMPORTING", fromID); err != nil {
		return err
	}
	if err := from.tell(ctx, "CLUSTER", "SETSLOT", slot, "MIGRATING", toID); err != nil {
		return err
	}
	host, port, _ := net.SplitHostPort(to.Address)
	for {
		keys, err := from.Client.ClusterGetKeysInSlot(ctx, int(slot), 1).Result()
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			break
		}
		if err := from.tell(ctx, "MIGRATE", host, port, keys[0], 0, 5000); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	for _, n := range []*Node{to, from} {
		if err := n.tell(ctx, "CLUSTER", "SETSLOT", slot, "NODE", toID); err != nil {
			return err
		}
	}
	return nil
}

// AwaitFailover returns when a replica has taken the place of a killed primary.
func (c *Cluster) AwaitFailover(ctx context.Context, killed *Node) error {
	for i, n := range c.Nodes[:primaries] {
		if n != killed {
			continue
		}
		replica := c.Nodes[primaries+i]
		return await(ctx, "failover", func() (bool, error) {
			info, err := replica.Client.Info(ctx, "replication").Result()
			return strings.Contains(info, "role:master"), err
		})
	}
	return errors.New("not a primary: " + killed.name)
}

// Stop ends all nodes.
func (c *Cluster) Stop() { stopAll(c.Nodes) }
