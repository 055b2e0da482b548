package invariant_test

import (
	"fmt"

	"github.com/bilten/rushgate/invariant"
)

func ExampleCheck() {
	early, late := invariant.Visitor{0x3a}, invariant.Visitor{0x7f}
	const second = 1_000_000

	var h invariant.History
	h.Add(
		invariant.Joined(invariant.Between(0, 2000), early, "general", 9),
		invariant.Joined(invariant.Between(5000, 8000), late, "general", 12),
		invariant.Called(invariant.At(4*second), late, 60*second),
		invariant.Called(invariant.At(5*second), early, 60*second),
	)
	limits := invariant.Limits{Policies: []invariant.Policy{{PerMinute: 60, Burst: 1, Cap: 10}}}
	for _, v := range invariant.Check(&h, limits) {
		fmt.Println(v)
	}
	// Output:
	// I4: visitor 7f0000.. (number 12) was called by 4.000 s, before visitor 3a0000.. (number 9), who still waited at 5.000 s
}
