package fault_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/bilten/rushgate/prescale/fault"
)

func TestWordsGiveNothingOfTheOperatorsAway(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 443}, Err: errors.New("connection refused")}
	for _, row := range []struct {
		says  string
		err   error
		words string
		whole string
	}{
		{"nobody has chosen words", dial, fault.Unnamed, "dial tcp 10.1.2.3:443: connection refused"},
		{"no answer", fault.Unanswered(dial), "cannot be reached", "dial tcp 10.1.2.3:443: connection refused"},
		{"no answer in time", fault.Unanswered(fmt.Errorf("10.1.2.3: %w", context.DeadlineExceeded)), "timed out", "10.1.2.3: context deadline exceeded"},
		{"a name server that is silent", fault.Unanswered(&net.DNSError{Err: "silent", Name: "hook.internal", IsTimeout: true}), "timed out", "lookup hook.internal: silent"},
		{"the gateway stops", fmt.Errorf("10.1.2.3: %w", context.Canceled), "was broken off", "10.1.2.3: context canceled"},
		{"words that were given stay", fault.Unanswered(fmt.Errorf("10.1.2.3: %w", fault.New("it redirects", errors.New("to 10.9.9.9")))), "it redirects", "10.1.2.3: to 10.9.9.9"},
		{"what failed stands in both halves", fault.In("target shop", fault.New("answered 503", errors.New("10.1.2.3 answered 503"))), "target shop: answered 503", "target shop: 10.1.2.3 answered 503"},
		{"so do all that failed", fault.All(nil, fault.In("a", dial), fault.Open(errors.New("b is not there"))), "a: " + fault.Unnamed + "; b is not there", "a: dial tcp 10.1.2.3:443: connection refused\nb is not there"},
	} {
		if words := fault.Words(row.err); words != row.words || row.err.Error() != row.whole {
			t.Errorf("%s: Words = %q of %q; want %q of %q", row.says, words, row.err, row.words, row.whole)
		}
	}
	if err := fault.All(nil, nil); err != nil {
		t.Errorf("All of none = %v; want nil", err)
	}
}
