package redisqueue

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bilten/rushgate/queue"
)

// fields reads a script's reply from left to right and remembers the first
// thing that is not what the scripts send.
type fields struct {
	rest []any
	err  error
}

func (f *fields) next() any {
	if len(f.rest) == 0 {
		f.fail("reply is too short")
		return nil
	}
	v := f.rest[0]
	f.rest = f.rest[1:]
	return v
}

func (f *fields) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, args...)
	}
}

func (f *fields) integer() int64 {
	v := f.next()
	n, ok := v.(int64)
	if !ok {
		f.fail("reply has %T, want an integer", v)
	}
	return n
}

func (f *fields) text() string {
	v := f.next()
	s, ok := v.(string)
	if !ok {
		f.fail("reply has %T, want a string", v)
	}
	return s
}

func (f *fields) list() fields {
	v := f.next()
	l, ok := v.([]any)
	if !ok {
		f.fail("reply has %T, want a list", v)
	}
	return fields{rest: l}
}

// generationText is a generation as scripts have it.
func generationText(g uint64) string { return fmt.Sprintf("%016x", g) }

// rootsText is a list of roots as scripts have it.
func rootsText(roots []uint32) string {
	text := make([]string, len(roots))
	for i, root := range roots {
		text[i] = fmt.Sprintf("%08x", root)
	}
	return strings.Join(text, " ")
}

func (f *fields) generation() uint64 { return f.hex(f.text(), 64) }

func (f *fields) roots() (roots []uint32) {
	for root := range strings.FieldsSeq(f.text()) {
		roots = append(roots, uint32(f.hex(root, 32)))
	}
	return roots
}

func (f *fields) hex(s string, bits int) uint64 {
	n, err := strconv.ParseUint(s, 16, bits)
	if err != nil {
		f.fail("%q is no generation: %w", s, err)
	}
	return n
}

func readSnapshot(reply []any) (queue.Snapshot, error) {
	f := fields{rest: reply}
	s := queue.Snapshot{
		Generation: f.generation(), Roots: f.roots(), Begun: f.integer(), Seq: f.integer(), Version: f.integer(),
		Budget: queue.Budget{Version: f.integer(), Rate: queue.Rate(f.integer()), Cap: f.integer(), Down: f.integer() == 1},
		Stood:  f.integer(), At: f.integer(),
		Restoring: f.integer(), Gathering: f.integer(), Drawn: f.integer() == 1, Settled: f.integer() == 1, Offset: f.integer(),
		Census: queue.Census{
			Arrived: f.integer(), Called: f.integer(), AtDoor: f.integer(), Late: f.integer(), Lapsed: f.integer(),
			Active: f.integer(), Admitted: f.integer(), Unseen: f.integer(),
		},
		More: f.integer() == 1, Cursor: f.text(),
	}
	ended := f.list()
	for len(ended.rest) > 0 && ended.err == nil {
		number := ended.integer()
		s.Ended = append(s.Ended, queue.SessionID{Generation: ended.generation(), Number: number})
	}
	f.fold(ended)
	for f.err == nil && len(f.rest) > 0 {
		l := f.list()
		s.Lines = append(s.Lines, queue.LineView{
			Name: l.text(), Issued: l.integer(), Serving: l.integer(), CalledOrder: l.integer(), LapsedOrder: l.integer(),
			Waiting: l.integer(), Drawn: l.integer(),
		})
		f.fold(l)
	}
	return s, f.err
}

func (f *fields) fold(inner fields) {
	if f.err == nil {
		f.err = inner.err
	}
}

func readAnswers(reply []any, visits []queue.Visit) ([]queue.Answer, error) {
	f := fields{rest: reply}
	generation := f.generation()
	if f.err == nil && len(f.rest) != len(visits) {
		return nil, fmt.Errorf("%d answers to %d visits", len(f.rest), len(visits))
	}
	answers := make([]queue.Answer, 0, len(visits))
	for i := 0; f.err == nil && len(f.rest) > 0; i++ {
		if order, ok := f.rest[0].(int64); ok {
			f.next()
			answers = append(answers, queue.Answer{
				State: queue.Waiting, Generation: generation, Line: visits[i].Line, Order: order, Number: order - queue.Base,
			})
			continue
		}
		l := f.list()
		a := queue.Answer{
			Generation: generation, State: queue.State(l.integer()), Line: l.text(), Order: l.integer(), Number: l.integer(),
			Ahead: l.integer(), Ends: l.integer(), Session: l.integer(), Probation: l.integer() == 1,
		}
		if earlier := l.text(); earlier != "" {
			a.Generation = l.hex(earlier, 64)
		}
		f.fold(l)
		answers = append(answers, a)
	}
	return answers, f.err
}
