//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/loadtest/process"
)

// redisServer is a redis-server of our own, with an append-only file as in
// production.
type redisServer struct {
	process *process.Process
	address string
	client  *redis.Client
}

func startRedis(ctx context.Context, dir, name string) (*redisServer, error) {
	address, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(address)
	server, err := process.Start(dir, name, "redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--appenddirname", name, "--auto-aof-rewrite-percentage", "0")
	if errors.Is(err, exec.ErrNotFound) {
		return nil, errors.New("redis-server is not installed: 'make deps' installs it")
	}
	if err != nil {
		return nil, err
	}
	if err := server.Await(ctx, process.Accepts(address)); err != nil {
		server.Stop()
		return nil, err
	}
	client := redis.NewClient(&redis.Options{Addr: address, MaxRetries: -1, PoolSize: storeConnections, ContextTimeoutEnabled: true})
	return &redisServer{process: server, address: address, client: client}, nil
}

func (r *redisServer) stop() {
	_ = r.client.Close()
	r.process.Stop()
}

// commands is how many commands clients have sent. Redis counts what a script
// does as well, so where scripts run they alone are counted.
func (r *redisServer) commands(ctx context.Context) (int64, error) {
	info, err := r.client.Info(ctx, "commandstats").Result()
	if err != nil {
		return 0, err
	}
	return countCommands(info)
}

func countCommands(info string) (int64, error) {
	var scripts, others int64
	for line := range strings.Lines(info) {
		name, stats, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if !ok {
			continue
		}
		digits, _, _ := strings.Cut(stats, ",")
		calls, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("commandstats: %q: %w", line, err)
		}
		switch name {
		case "evalsha", "eval":
			scripts += calls
		case "zadd", "zrank", "zcard":
			others += calls
		}
	}
	if scripts > 0 {
		return scripts, nil
	}
	return others, nil
}

// memory is what the keys and their values take, in bytes: buffers of clients and
// of the append-only file come and go.
func (r *redisServer) memory(ctx context.Context) (int64, error) {
	info, err := r.client.Info(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(info) {
		if digits, ok := strings.CutPrefix(line, "used_memory_dataset:"); ok {
			return strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		}
	}
	return 0, errors.New("redis does not tell used_memory_dataset")
}
