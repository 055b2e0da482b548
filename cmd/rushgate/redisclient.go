package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// clusterReload is far below the client's own default of a minute: after a
// node died the client must not go on dialling it for so long.
const clusterReload = 5 * time.Second

// connectRedis returns a client of whatever kind r describes. It does not
// connect yet. Every timeout is set by hand, nothing is retried blindly (a
// script that timed out may well have run), and contexts are obeyed in flight.
func connectRedis(r Redis) (redis.UniversalClient, error) {
	options := redis.UniversalOptions{
		MaxRetries:            -1,
		DialerRetries:         1,
		ContextTimeoutEnabled: true,
		DialTimeout:           r.Timeout,
		ReadTimeout:           r.Timeout,
		WriteTimeout:          r.Timeout,
		PoolTimeout:           r.Timeout,
		PoolSize:              r.PoolSize,
		ClientName:            "rushgate",
		Username:              r.Username,
		Password:              r.Password,
	}
	if r.TLS {
		options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	switch {
	case r.URL != "":
		parsed, err := redis.ParseURL(r.URL)
		if err != nil {
			return nil, fmt.Errorf("redis.url: %s: not a Redis URL", redacted(r.URL))
		}
		options.Addrs = []string{parsed.Addr}
		options.DB, options.TLSConfig = parsed.DB, parsed.TLSConfig
		options.Username = cmp.Or(parsed.Username, options.Username)
		options.Password = cmp.Or(parsed.Password, options.Password)
		return redis.NewUniversalClient(&options), nil
	case r.Sentinel.Master != "":
		options.Addrs, options.MasterName = r.Sentinel.Addresses, r.Sentinel.Master
		options.SentinelUsername, options.SentinelPassword = r.Sentinel.Username, r.Sentinel.Password
		return redis.NewUniversalClient(&options), nil
	default:
		cluster := options.Cluster()
		cluster.Addrs = r.Cluster.Addresses
		// The client counts repeats of a lost answer among its redirects. Two
		// follow a key that is moving; a script repeated so often is harmless,
		// because every script may be repeated.
		cluster.MaxRedirects = 2
		cluster.ClusterStateReloadInterval = clusterReload
		return redis.NewClusterClient(cluster), nil
	}
}

// errUnreached says that a Redis could not be inspected because it is away.
var errUnreached = errors.New("reach redis")

// inspectRedis refuses a server that would silently throw places away, and
// returns warnings about one that forgets them when it restarts. A server that
// does not let us look is warned about, not refused.
func inspectRedis(ctx context.Context, client redis.UniversalClient) (warnings []string, err error) {
	if err := client.Ping(ctx).Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreached, err)
	}
	memory, err := client.Info(ctx, "memory").Result()
	if err != nil {
		return []string{"redis does not tell its maxmemory-policy: make sure that it is noeviction"}, nil //nolint:nilerr // an ACL may forbid INFO; the line itself needs none of it
	}
	switch policy := infoField(memory, "maxmemory_policy"); {
	case strings.HasPrefix(policy, "allkeys-"):
		return nil, fmt.Errorf("redis maxmemory-policy is %s: under memory pressure it would evict people from the line; set noeviction", policy)
	case policy != "" && policy != "noeviction":
		warnings = append(warnings, "redis maxmemory-policy is "+policy+": noeviction is what the line needs")
	}
	persistence, err := client.Info(ctx, "persistence").Result()
	if err == nil && infoField(persistence, "aof_enabled") == "0" {
		warnings = append(warnings, "redis keeps no append-only file: a restart forgets the line; set appendonly yes")
	}
	return warnings, nil
}

func infoField(info, field string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
