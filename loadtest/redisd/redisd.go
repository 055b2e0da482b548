// Package redisd runs real redis-server processes on this machine, alone, under
// Sentinel or as a Cluster, and does to them what happens to Redis in real life.
package redisd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/loadtest/process"
)

// Node is one redis-server with a directory of its own. Its address, host:port,
// stays the same when it is restarted.
type Node struct {
	Address string
	Client  *redis.Client
	dir     string
	name    string
	args    []string
	running *process.Process
}

// NoDisk is for a server that forgets everything when it ends.
var NoDisk = []string{"--appendonly", "no"}

// EverySecond is for a server that loses at most the last second.
var EverySecond = []string{"--appendonly", "yes", "--appendfsync", "everysec"}

// Quiet keeps the client's own words about servers that are down, which are no
// news here, off standard error. It is for the whole process.
func Quiet() { redis.SetLogger(silence{}) }

type silence struct{}

// Printf is the client's logger.
func (silence) Printf(context.Context, string, ...any) {}

// Start runs a redis-server whose files lie in a new directory below dir. args
// are redis-server's own. It returns exec.ErrNotFound, wrapped, if there is none.
func Start(ctx context.Context, dir, name string, args ...string) (*Node, error) {
	address, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	n := &Node{Address: address, dir: filepath.Join(dir, name), name: name, args: args}
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		return nil, err
	}
	n.Client = redis.NewClient(&redis.Options{Addr: address, MaxRetries: -1, ReadTimeout: 10 * time.Second})
	if err := n.Restart(ctx); err != nil {
		return nil, errors.Join(err, n.Client.Close())
	}
	return n, nil
}

// Restart runs the server again, with the files that it left.
func (n *Node) Restart(ctx context.Context) (err error) {
	host, port, _ := net.SplitHostPort(n.Address)
	args := append([]string{"--port", port, "--bind", host, "--save", "", "--dir", n.dir}, n.args...)
	if n.running, err = process.Start(n.dir, n.name, "redis-server", args...); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return fmt.Errorf("redis-server is not installed, 'make deps' installs it: %w", err)
		}
		return err
	}
	return n.running.Await(ctx, func() error { return n.Client.Ping(ctx).Err() })
}

// Kill ends the server as a crash does.
func (n *Node) Kill() { n.running.Kill() }

// Forget deletes the files of a server that has been killed.
func (n *Node) Forget() error {
	return errors.Join(os.RemoveAll(filepath.Join(n.dir, "appendonlydir")), os.RemoveAll(filepath.Join(n.dir, "dump.rdb")))
}

// Pause stops the server where it stands: it accepts and answers nothing.
func (n *Node) Pause() error { return n.running.Pause() }

// Resume lets a paused server go on.
func (n *Node) Resume() error { return n.running.Resume() }

// Stop ends the server and its client.
func (n *Node) Stop() {
	_ = n.Client.Close()
	n.running.Stop()
}

// tell runs a command that has no method of its own.
func (n *Node) tell(ctx context.Context, words ...any) error {
	if err := n.Client.Do(ctx, words...).Err(); err != nil {
		return fmt.Errorf("%v at %s: %w", words, n.name, err)
	}
	return nil
}

// await asks until something holds.
func await(ctx context.Context, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		ok, err := holds()
		if ok && err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: not in time: %w", what, errors.Join(err, ctx.Err()))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stopAll ends servers, the last one first.
func stopAll(nodes []*Node) {
	for _, n := range slices.Backward(nodes) {
		n.Stop()
	}
}
