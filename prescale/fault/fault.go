// Package fault is for errors of what is scaled or asked, which have two readers:
// organizers read in a few words what failed, operators read in their log the
// whole of it, with addresses, files and accounts that are theirs alone.
package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Unnamed is what organizers read of an error for which nobody has chosen words.
const Unnamed = "failed, the operator's log says why"

// Error is an error with words for organizers. Its text is the operator's.
type Error struct {
	Says string // names nothing that is the operator's
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap is the whole error.
func (e *Error) Unwrap() error { return e.Err }

// New gives an error its words.
func New(says string, err error) error { return &Error{Says: says, Err: err} }

// Open is an error that everybody may read as it is.
func Open(err error) error { return New(err.Error(), err) }

// Unanswered is of a call that got no answer. Words that were given already stay.
func Unanswered(err error) error {
	if words := Words(err); words != Unnamed {
		return New(words, err)
	}
	return New("cannot be reached", err)
}

// In says in both halves what it was that failed.
func In(what string, err error) error {
	return New(what+": "+Words(err), fmt.Errorf("%s: %w", what, err))
}

// All joins errors in both halves; nil if there are none.
func All(errs ...error) error {
	var says []string
	for _, err := range errs {
		if err != nil {
			says = append(says, Words(err))
		}
	}
	if says == nil {
		return nil
	}
	return New(strings.Join(says, "; "), errors.Join(errs...))
}

// Words are what organizers may read of an error.
func Words(err error) string {
	var timeout interface{ Timeout() bool }
	if known, ok := errors.AsType[*Error](err); ok {
		return known.Says
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timed out"
	case errors.Is(err, context.Canceled):
		return "was broken off"
	}
	return Unnamed
}
