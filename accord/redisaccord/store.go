// Package redisaccord is for gateways that agree through Redis: single,
// Sentinel or Cluster.
package redisaccord

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/accord"
)

var (
	//go:embed meet.lua
	meetSource string
	//go:embed swap.lua
	swapSource string

	meetScript = redis.NewScript(meetSource)
	swapScript = redis.NewScript(swapSource)
)

// Store keeps records in Redis. It needs no closing; the client is the caller's.
type Store struct {
	client redis.UniversalClient
	// newest is the highest version seen, of any record: a Redis that has lost
	// everything may have lost its clock, too.
	newest atomic.Int64
}

// New returns a store on client.
func New(client redis.UniversalClient) *Store { return &Store{client: client} }

// saw keeps the highest version.
func (s *Store) saw(version int64) {
	for newest := s.newest.Load(); version > newest && !s.newest.CompareAndSwap(newest, version); {
		newest = s.newest.Load()
	}
}

// keys are a record's. All share one hash tag, which no event's can be: an event
// id holds no underscore.
type keys struct{ record, reports, log string }

func keysOf(key string) keys {
	tag := "rg:{_" + key + "}:"
	return keys{record: tag + "record", reports: tag + "reports", log: tag + "log"}
}

// Meet is part of accord.Store.
func (s *Store) Meet(ctx context.Context, key, member string, report []byte, fresh time.Duration) (accord.Record, error) {
	k, told := keysOf(key), 0
	if report != nil {
		told = 1
	}
	reply, err := meetScript.Run(ctx, s.client, []string{k.record, k.reports},
		member, report, told, fresh.Milliseconds(), accord.Kept.Milliseconds()).StringSlice()
	if err != nil {
		return accord.Record{}, fmt.Errorf("meet at %s: %w", key, err)
	}
	if len(reply) < 3 || len(reply)%2 == 0 {
		return accord.Record{}, fmt.Errorf("meet at %s: %d values; want an odd number from 3", key, len(reply))
	}
	version, err := strconv.ParseInt(reply[0], 10, 64)
	now, nowErr := strconv.ParseInt(reply[2], 10, 64)
	if err := errors.Join(err, nowErr); err != nil {
		return accord.Record{}, fmt.Errorf("meet at %s: %w", key, err)
	}
	s.saw(version)
	r := accord.Record{Version: version, Now: time.UnixMicro(now), Reports: map[string][]byte{}}
	if version > 0 {
		r.Data = []byte(reply[1])
	}
	for i := 3; i < len(reply); i += 2 {
		r.Reports[reply[i]] = []byte(reply[i+1])
	}
	return r, nil
}

// Swap is part of accord.Store.
func (s *Store) Swap(ctx context.Context, key string, version int64, data []byte, entries ...[]byte) (int64, error) {
	k := keysOf(key)
	args := []any{version, data, accord.LogCap, accord.Kept.Milliseconds(), s.newest.Load()}
	for _, entry := range entries {
		args = append(args, entry)
	}
	reply, err := swapScript.Run(ctx, s.client, []string{k.record, k.log}, args...).Text()
	if err != nil {
		return 0, fmt.Errorf("swap %s: %w", key, err)
	}
	next, err := strconv.ParseInt(reply, 10, 64)
	switch {
	case err != nil:
		return 0, fmt.Errorf("swap %s: %w", key, err)
	case next == 0:
		return 0, accord.ErrBeaten
	}
	s.saw(next)
	return next, nil
}

// Log is part of accord.Store.
func (s *Store) Log(ctx context.Context, key, after string, most int) ([]accord.Entry, error) {
	if most <= 0 {
		return nil, nil
	}
	from := "-"
	if after != "" {
		from = "(" + after
	}
	messages, err := s.client.XRangeN(ctx, keysOf(key).log, from, "+", int64(most)).Result()
	if err != nil {
		return nil, fmt.Errorf("read the log of %s: %w", key, err)
	}
	entries := make([]accord.Entry, len(messages))
	for i, m := range messages {
		text, _ := m.Values["entry"].(string)
		stamp, _, _ := strings.Cut(m.ID, "-")
		ms, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("log of %s: entry %q: %w", key, m.ID, err)
		}
		entries[i] = accord.Entry{ID: m.ID, At: time.UnixMilli(ms), Data: []byte(text)}
	}
	return entries, nil
}

// Drop is part of accord.Store.
func (s *Store) Drop(ctx context.Context, key string) error {
	k := keysOf(key)
	if err := s.client.Unlink(ctx, k.record, k.reports, k.log).Err(); err != nil {
		return fmt.Errorf("drop %s: %w", key, err)
	}
	return nil
}
