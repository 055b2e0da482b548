// Package rediscatalog is for sharing the event catalog between gateways through
// Redis: single, Sentinel or Cluster.
package rediscatalog

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

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
	stored, err := b.client.HGetAll(ctx, keyDocuments).Result()
	if err != nil {
		return nil, 0, fmt.Errorf("load documents: %w", err)
	}
	var revision int64
	documents := make(map[string]catalog.Document, len(stored))
	for id, text := range stored {
		if id == fieldRevision {
			if revision, err = strconv.ParseInt(text, 10, 64); err != nil {
				return nil, 0, fmt.Errorf("read revision: %w", err)
			}
			continue
		}
		var d catalog.Document
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			d = catalog.Document{Owner: catalog.Unreadable} // one event's trouble is not all events'
		}
		documents[id] = d
	}
	return documents, revision, nil
}

// Write is part of catalog.Backend.
func (b *Backend) Write(ctx context.Context, w catalog.Write) error {
	keys := []string{keyDocuments}
	args := []any{w.Revision, w.Next, fieldRevision, catalog.LogCap, catalog.LogKept.Milliseconds()}
	for _, change := range w.Changes {
		document, err := json.Marshal(change.Document)
		if err != nil {
			return fmt.Errorf("encode document of event %s: %w", change.ID, err)
		}
		entry, err := json.Marshal(change.Entry)
		if err != nil {
			return fmt.Errorf("encode log entry of event %s: %w", change.ID, err)
		}
		deleted := 0
		if change.Document.Deleted {
			deleted = 1
		}
		keys = append(keys, keyLog(change.Document.Organization, change.ID))
		args = append(args, change.ID, document, entry, deleted)
	}
	for _, id := range w.Forget {
		args = append(args, id)
	}
	written, err := writeScript.Run(ctx, b.client, keys, args...).Int()
	switch {
	case err != nil:
		return fmt.Errorf("write documents: %w", err)
	case written == 0:
		return catalog.ErrStale
	default:
		return nil
	}
}

// Revision is part of catalog.Backend.
func (b *Backend) Revision(ctx context.Context) (int64, error) {
	revision, err := b.client.HGet(ctx, keyDocuments, fieldRevision).Int64()
	if errors.Is(err, redis.Nil) {
		return 0, nil // nothing was ever written
	}
	if err != nil {
		return 0, fmt.Errorf("read revision: %w", err)
	}
	return revision, nil
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
