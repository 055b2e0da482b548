package main

import (
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is where the rooms are kept: one server by URL, a Sentinel or a
// Cluster. None of them: an embedded store, for one gateway alone.
type Redis struct {
	URL      string        `yaml:"url" help:"redis://[user:password@]host:port/db, or rediss:// for TLS. None of url, sentinel and cluster: the line lives in this process, for one gateway alone."`
	Sentinel RedisSentinel `yaml:"sentinel"`
	Cluster  RedisCluster  `yaml:"cluster"`
	Username string        `yaml:"username" help:"ACL user on the data nodes; one in the url wins."`
	Password string        `yaml:"password" help:"Its password, unless the url has one; RUSHGATE_REDIS_PASSWORD keeps it out of the file."`
	TLS      bool          `yaml:"tls" help:"TLS to a Sentinel's or Cluster's nodes; with url it is rediss://."`
	Timeout  time.Duration `yaml:"timeout" help:"Of dialling, reading and writing, each. Half a second bounds a half-open connection; commands are never retried blindly."`
	PoolSize int           `yaml:"pool_size" help:"Connections to each node, at most. The client may open as many again for pipelines: budget twice this for maxclients."`
}

// RedisSentinel names a master and the sentinels that know where it is.
type RedisSentinel struct {
	Master    string   `yaml:"master" help:"Name of the master that the sentinels watch."`
	Addresses []string `yaml:"addresses" help:"host:port of the sentinels; at least one that answers is needed at the start."`
	Username  string   `yaml:"username" help:"ACL user on the sentinels themselves."`
	Password  string   `yaml:"password" help:"Its password; RUSHGATE_SENTINEL_PASSWORD keeps it out of the file."`
}

// RedisCluster names some nodes of a Cluster; it tells of the others.
type RedisCluster struct {
	Addresses []string `yaml:"addresses" help:"host:port of some nodes. All keys of one event live on one shard."`
}

// embedded says that no Redis is configured.
func (r Redis) embedded() bool {
	return r.URL == "" && r.Sentinel.Master == "" && len(r.Sentinel.Addresses) == 0 && len(r.Cluster.Addresses) == 0
}

func (c Config) validateRedis(p *problems) {
	r := c.Redis
	sentinel := r.Sentinel.Master != "" || len(r.Sentinel.Addresses) > 0
	ways := 0
	for _, used := range []bool{r.URL != "", sentinel, len(r.Cluster.Addresses) > 0} {
		if used {
			ways++
		}
	}
	if ways > 1 {
		p.add("redis", "", "name one of url, sentinel and cluster")
	}
	if r.URL != "" {
		if _, err := redis.ParseURL(r.URL); err != nil {
			p.add("redis.url", redacted(r.URL), "must be redis://[user:password@]host:port/db or rediss://…")
		}
		if r.TLS {
			p.add("redis.tls", r.TLS, "with url, TLS is rediss://")
		}
	}
	if sentinel && (r.Sentinel.Master == "" || len(r.Sentinel.Addresses) == 0) {
		p.add("redis.sentinel", r.Sentinel.Master, "needs both master and addresses")
	}
	p.hostPorts("redis.sentinel.addresses", r.Sentinel.Addresses)
	p.hostPorts("redis.cluster.addresses", r.Cluster.Addresses)
	if r.Timeout < 50*time.Millisecond || r.Timeout > 5*time.Second {
		p.add("redis.timeout", r.Timeout, "must be between 50ms and 5s")
	}
	if r.PoolSize < 2 || r.PoolSize > 1000 {
		p.add("redis.pool_size", r.PoolSize, "must be between 2 and 1000")
	}
}
