// Package rediscatalog is for sharing the event catalog between gateways through
// Redis: single, Sentinel or Cluster.
package rediscatalog

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/event/catalog"
)

//go:embed write.lua
var writeSource string

var writeScript = redis.NewScript(writeSource)

// Backend keeps the catalog in Redis. It needs no closing; the client is the
// caller's.
type Backend struct{ client redis.UniversalClient }

// New returns the catalog's backend on client. A write whose answer was lost
// may be repeated: the second one is stale.
func New(client redis.UniversalClient) *Backend { return &Backend{client} }

// Load is part of catalog.Backend.
func (b *Backend) Load(ctx context.Context) (map[string]catalog.Document, int64, error) {
	var stored *redis.MapStringStringCmd
	var counter *redis.StringCmd
	_, err := b.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		stored, counter = p.HGetAll(ctx, keyDocuments), p.Get(ctx, keyRevision)
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) { // Nil: no revision before the first write
		return nil, 0, fmt.Errorf("load documents: %w", err)
	}
	revision, err := number(counter)
	if err != nil {
		return nil, 0, err
	}
	documents := make(map[string]catalog.Document, len(stored.Val()))
	for id, text := range stored.Val() {
		var d catalog.Document
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			return nil, 0, fmt.Errorf("document of event %s: %w", id, err)
		}
		documents[id] = d
	}
	return documents, revision, nil
}

// Write is part of catalog.Backend.
func (b *Backend) Write(ctx context.Context, w catalog.Write) error {
	var document []byte
	var err error
	if w.Document != nil {
		if document, err = json.Marshal(w.Document); err != nil {
			return fmt.Errorf("encode document of event %s: %w", w.ID, err)
		}
	}
	entry, err := json.Marshal(w.Entry)
	if err != nil {
		return fmt.Errorf("encode log entry of event %s: %w", w.ID, err)
	}
	keys := []string{keyDocuments, keyRevision, keyLog(w.Organization, w.ID)}
	written, err := writeScript.Run(ctx, b.client, keys,
		w.Revision, w.ID, document, entry, catalog.LogCap, catalog.LogKept.Milliseconds(), catalog.Step).Int()
	switch {
	case err != nil:
		return fmt.Errorf("write document of event %s: %w", w.ID, err)
	case written == 0:
		return catalog.ErrStale
	default:
		return nil
	}
}

// Revision is part of catalog.Backend.
func (b *Backend) Revision(ctx context.Context) (int64, error) {
	return number(b.client.Get(ctx, keyRevision))
}

// Log is part of catalog.Backend.
func (b *Backend) Log(ctx context.Context, organization, id string, limit int) ([]catalog.Entry, error) {
	if limit <= 0 {
		return nil, nil
	}
	messages, err := b.client.XRevRangeN(ctx, keyLog(organization, id), "+", "-", int64(limit)).Result()
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	entries := make([]catalog.Entry, len(messages))
	for i, m := range messages {
		text, _ := m.Values["entry"].(string)
		if err := json.Unmarshal([]byte(text), &entries[i]); err != nil {
			return nil, fmt.Errorf("log entry %s of event %s: %w", m.ID, id, err)
		}
	}
	return entries, nil
}

// number reads a counter; none is 0.
func number(counter *redis.StringCmd) (int64, error) {
	n, err := counter.Int64()
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read revision: %w", err)
	}
	return n, nil
}
