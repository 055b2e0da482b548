// Package redisqueue keeps rooms in Redis: the line that many gateways share.
//
// Each operation is one Lua script, atomic in Redis, for many visitors at once.
// Lua files hold the rules and nothing else; keys are made in keys.go, replies
// are read in reply.go. The rules are those of queue.Memory.
package redisqueue

import (
	"context"
	"fmt"
	"strconv"

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
}

var _ queue.Store = (*Store)(nil)

// New returns a store on client. generation gives each new room a number that
// no earlier room had; random 64 bits will do.
func New(client redis.UniversalClient, generation func() uint64) *Store {
	return &Store{client: client, generation: generation, scripts: assemble(clockLua)}
}

// Tick is queue.Store's.
func (s *Store) Tick(ctx context.Context, room string, p queue.Policy, cursor string) (queue.Snapshot, error) {
	if err := p.Validate(); err != nil {
		return queue.Snapshot{}, err
	}
	args := []any{
		strconv.FormatUint(s.generation(), 10), cursor, queue.EndedPage,
		p.Version, p.Gates.Calls, p.Gates.Claims, p.Gates.Direct, p.Gates.Renew, p.Gates.Release,
		p.OpensAt, int64(p.Rate), p.Cap,
		p.Times.Turn, p.Times.Grace, p.Times.Session, p.Times.SessionMax, p.Times.Probation,
	}
	for _, line := range p.Lines {
		args = append(args, line.Name, line.Weight)
	}
	reply, err := s.scripts.tick.Run(ctx, s.client, keys(room), args...).Slice()
	if err != nil {
		return queue.Snapshot{}, fmt.Errorf("tick room %s: %w", room, refusal(err))
	}
	snapshot, err := readSnapshot(reply)
	if err != nil {
		return queue.Snapshot{}, fmt.Errorf("tick room %s: %w", room, err)
	}
	return snapshot, nil
}

// Apply is queue.Store's.
func (s *Store) Apply(ctx context.Context, room string, op queue.Op, visits []queue.Visit) ([]queue.Answer, error) {
	script, args, err := s.request(op, visits)
	if err != nil {
		return nil, err
	}
	reply, err := script.Run(ctx, s.client, keys(room), args...).Slice()
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

func (s *Store) request(op queue.Op, visits []queue.Visit) (*redis.Script, []any, error) {
	args := make([]any, 0, 3*len(visits))
	for i := range visits {
		v := &visits[i]
		args = append(args, v.Visitor[:memberSize])
		switch op {
		case queue.Join:
			args = append(args, v.Line)
		case queue.Claim, queue.Leave:
			args = append(args, v.Line, v.Order)
		case queue.Touch:
			args = append(args, v.Session, v.Adopt)
		case queue.Complete:
			args = append(args, v.Session)
		}
	}
	switch op {
	case queue.Join:
		return s.scripts.join, args, nil
	case queue.Claim:
		return s.scripts.claim, args, nil
	case queue.Touch:
		return s.scripts.touch, args, nil
	case queue.Leave:
		return s.scripts.leave, args, nil
	case queue.Complete:
		return s.scripts.complete, args, nil
	}
	return nil, nil, fmt.Errorf("%s: no such operation", op)
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
	if err := s.client.Unlink(ctx, keys(room)...).Err(); err != nil {
		return fmt.Errorf("drop room %s: %w", room, err)
	}
	return nil
}
