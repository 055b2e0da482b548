package redisaccord_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/accord/accordtest"
	"github.com/bilten/rushgate/accord/redisaccord"
	"github.com/bilten/rushgate/internal/redistest"
)

func TestStore(t *testing.T) {
	client := redistest.Client(t)
	accordtest.Run(t, func(t *testing.T) accord.Store {
		if err := client.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		return redisaccord.New(client)
	})
}

// What a gateway remembers must outlive a store that comes back empty on a machine
// whose clock is behind (ADR 38).
func TestVersionsGoOnWhenTheStoreHasLostItsClockToo(t *testing.T) {
	client := redistest.Client(t)
	s := redisaccord.New(client)
	ahead := time.Now().Add(5 * time.Minute).UnixMicro()
	if err := client.HSet(t.Context(), "rg:{_pool:shop}:record", "version", ahead, "data", "x").Err(); err != nil {
		t.Fatal(err)
	}
	if met, err := s.Meet(t.Context(), "pool:shop", "a", nil, time.Minute); err != nil || met.Version != ahead {
		t.Fatalf("Meet() = version %d, %v; want %d", met.Version, err, ahead)
	}
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	next, err := s.Swap(t.Context(), "pool:shop", 0, []byte("y"))
	if err != nil || next <= ahead {
		t.Errorf("Swap() = %d, %v; want more than the %d of before", next, err, ahead)
	}
	if met, err := redisaccord.New(client).Meet(t.Context(), "pool:shop", "b", nil, time.Minute); err != nil || met.Version != next {
		t.Errorf("another gateway meets version %d, %v; want %d", met.Version, err, next)
	}
}

// The sale hour is when memory is full.
func TestTheyAgreeWhenMemoryIsFull(t *testing.T) {
	client := redistest.Client(t)
	s := redisaccord.New(client)
	if err := client.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.Set(t.Context(), "x", "y", 0).Err(); err == nil || !strings.Contains(err.Error(), "OOM") {
		t.Fatalf("Set() = %v; want the server out of memory", err)
	}
	if _, err := s.Meet(t.Context(), "pool:shop", "a", []byte("x"), time.Minute); err != nil {
		t.Errorf("Meet() out of memory = %v; want nil", err)
	}
	if _, err := s.Swap(t.Context(), "pool:shop", 0, []byte("x"), []byte("x")); err != nil {
		t.Errorf("Swap() out of memory = %v; want nil", err)
	}
}

func TestKeysShareATagAndExpire(t *testing.T) {
	client := redistest.Client(t)
	s := redisaccord.New(client)
	if _, err := s.Meet(t.Context(), "pool:shop", "a", []byte("x"), time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Swap(t.Context(), "pool:shop", 0, []byte("x"), []byte("x")); err != nil {
		t.Fatal(err)
	}
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 3 {
		t.Fatalf("Keys() = %v, %v; want record, reports and log", keys, err)
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, "rg:{_pool:shop}:") {
			t.Errorf("key %q is outside of rg:{_pool:shop}:", key)
		}
		if left, err := client.PTTL(t.Context(), key).Result(); err != nil || left <= 0 || left > accord.Kept {
			t.Errorf("PTTL(%s) = %v, %v; want up to %v", key, left, err, accord.Kept)
		}
	}
}

func TestASilentStoreIsAnError(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	s := redisaccord.New(client)
	if _, err := s.Meet(t.Context(), "pool:shop", "a", nil, time.Minute); err == nil {
		t.Error("Meet() without a server = nil; want an error")
	}
	if _, err := s.Swap(t.Context(), "pool:shop", 0, nil); err == nil {
		t.Error("Swap() without a server = nil; want an error")
	}
	if _, err := s.Log(t.Context(), "pool:shop", "", 1); err == nil {
		t.Error("Log() without a server = nil; want an error")
	}
}
