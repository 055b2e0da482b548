// Package redisqueue keeps rooms in Redis: the line that many gateways share.
//
// Each operation is one Lua script, atomic in Redis, for many visitors at once.
// Lua files hold the rules and nothing else; keys are made in keys.go, replies
// are read in reply.go. The rules are those of queue.Memory.
package redisqueue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/queue"
)

// Store is a queue.Store in Redis: a single server, Sentinel or Cluster.
//
// The client must not retry (MaxRetries -1): a script that timed out may have
// run, and asking again is the caller's decision.
type Store struct {
	client     redis.UniversalClient
	generation func() uint64
	scripts    scripts
	keys       sync.Map // room -> its keys, which are the same in every call
	seen       sync.Map // room -> seen, of the newest answer to a tick
}

// seen is how far a room was when it last answered a tick of this gateway.
type seen struct {
	generation uint64
	seq        int64
}

var _ queue.Store = (*Store)(nil)

// New returns a store on client. generation gives each new room a number that
// no earlier room had; random 64 bits will do.
func New(client redis.UniversalClient, generation func() uint64) *Store {
	return &Store{client: client, generation: generation, scripts: assemble(clockLua)}
}

func (s *Store) keysOf(room string) []string {
	if known, ok := s.keys.Load(room); ok {
		return known.([]string)
	}
	made := keys(room)
	s.keys.Store(room, made)
	return made
}

// Tick is queue.Store's.
func (s *Store) Tick(ctx context.Context, room string, p queue.Policy, b queue.Budget, m queue.Remembered) (queue.Snapshot, error) {
	if err := errors.Join(p.Validate(), b.Validate(), m.Validate()); err != nil {
		return queue.Snapshot{}, err
	}
	reply, err := s.scripts.tick.Run(ctx, s.client, s.keysOf(room), tickArgs(s.generation(), p, b, m)...).Slice()
	if err != nil {
		return queue.Snapshot{}, fmt.Errorf("tick room %s: %w", room, refusal(err))
	}
	snapshot, err := readSnapshot(reply)
	if err != nil {
		return queue.Snapshot{}, fmt.Errorf("tick room %s: %w", room, err)
	}
	s.seen.Store(room, seen{snapshot.Generation, snapshot.Seq})
	return snapshot, nil
}

func tickArgs(random uint64, p queue.Policy, b queue.Budget, m queue.Remembered) []any {
	args := []any{
		generationText(random), m.Cursor, queue.EndedPage,
		p.Version, p.Gates.Calls, p.Gates.Claims, p.Gates.Direct, p.Gates.Renew, p.Gates.Release,
		p.OpensAt, int64(p.Rate), p.Cap,
		p.Times.Turn, p.Times.Grace, p.Times.Session, p.Times.SessionMax, p.Times.Probation,
		p.Draw, p.Offset, b.Version, int64(b.Rate), b.Cap, b.Down, len(p.Lines),
	}
	for _, line := range p.Lines {
		args = append(args, line.Name, line.Weight)
	}
	args = append(args, generationText(m.Generation), rootsText(m.Roots), m.At, m.Seq, m.Admitted, m.Held, m.Drawn, m.Offset, m.Window, m.Parked)
	for _, l := range m.Lines {
		args = append(args, l.Name, l.Issued, l.Serving, l.CalledOrder, l.LapsedOrder)
	}
	return args
}

// Apply is queue.Store's.
func (s *Store) Apply(ctx context.Context, room string, op queue.Op, visits []queue.Visit) ([]queue.Answer, error) {
	script, exists := s.scripts.ops[op]
	if !exists {
		return nil, fmt.Errorf("%s: no such operation", op)
	}
	last, _ := s.seen.Load(room)
	known, _ := last.(seen)
	args := append(visitArgs(op, visits), generationText(known.generation), known.seq)
	reply, err := script.Run(ctx, s.client, s.keysOf(room), args...).Slice()
	if err != nil {
		return nil, fmt.Errorf("%s in room %s: %w", op, room, refusal(err))
	}
	if len(reply) == 0 {
		return nil, queue.ErrNoRoom
	}
	answers, err := readAnswers(reply, visits)
	if err != nil {
		return nil, fmt.Errorf("%s in room %s: %w", op, room, err)
	}
	return answers, nil
}

func visitArgs(op queue.Op, visits []queue.Visit) []any {
	args := make([]any, 0, 5*len(visits)+3)
	// Most who join are in no draw and were never turned away: a rush is joins.
	wide := slices.ContainsFunc(visits, func(v queue.Visit) bool { return v.Order != 0 || v.Since != 0 })
	switch {
	case op != queue.Join:
	case wide:
		args = append(args, 4)
	default:
		args = append(args, 2)
	}
	for i := range visits {
		v := &visits[i]
		args = append(args, v.Visitor[:memberSize])
		switch op {
		case queue.Join:
			if args = append(args, v.Line); wide {
				args = append(args, v.Order, v.Since)
			}
		case queue.Claim, queue.Leave:
			args = append(args, v.Line, v.Order)
		case queue.Touch:
			args = append(args, v.Session, generationText(v.Generation), v.Adopt, v.Since)
		case queue.Complete:
			args = append(args, v.Session, generationText(v.Generation), v.Line, v.Order)
		case queue.Restore:
			args = append(args, v.Line, v.Order, generationText(v.Generation))
		}
	}
	return args
}

// Drawn is queue.Store's. The ids are cut to the part that the store keeps.
func (s *Store) Drawn(ctx context.Context, room, line string, from, most int64) ([]queue.Visitor, error) {
	fields, err := s.client.HGetAll(ctx, keys(room)[0]).Result()
	switch {
	case err != nil:
		return nil, fmt.Errorf("read room %s: %w", room, err)
	case fields["generation"] == "":
		return nil, queue.ErrNoRoom
	}
	for i := 1; i <= queue.MaxLines; i++ {
		if fields["name:"+strconv.Itoa(i)] != line {
			continue
		}
		members, err := s.client.ZRange(ctx, lineKey(prefix(room), "drawn", i), from, from+most-1).Result()
		if err != nil {
			return nil, fmt.Errorf("read the draw of room %s: %w", room, err)
		}
		visitors := make([]queue.Visitor, len(members))
		for k, member := range members {
			copy(visitors[k][:], member)
		}
		return visitors, nil
	}
	return nil, nil
}

// refusal is the error that a script gave on purpose, or err.
func refusal(err error) error {
	if redis.HasErrorPrefix(err, "NEWERSCHEMA") {
		return fmt.Errorf("%w: %w", queue.ErrNewerSchema, err)
	}
	return err
}

// Drop is queue.Store's. Redis frees the memory in the background.
func (s *Store) Drop(ctx context.Context, room string) error {
	s.keys.Delete(room)
	s.seen.Delete(room)
	if err := s.client.Unlink(ctx, keys(room)...).Err(); err != nil {
		return fmt.Errorf("drop room %s: %w", room, err)
	}
	return nil
}
