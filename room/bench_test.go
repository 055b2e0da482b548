package room

import (
	"sync/atomic"
	"testing"
	"time"
)

// What a gateway does four times a second for each room: a snapshot becomes the
// view that everybody is answered from.
func BenchmarkNewView(b *testing.B) {
	prev := after(b, "", general(1, 1000, 5000, nine))
	record := record(b, 0, "")
	policy := policyOf(record)
	var shown atomic.Pointer[View]
	b.ReportAllocs()
	for i := int64(1); b.Loop(); i++ {
		at := nine.Add(time.Duration(i) * 250 * time.Millisecond)
		prev = newView(prev, record, policy, Budget{}, general(1+i, 1000+i, 5000, at), at)
		shown.Store(prev)
	}
}
