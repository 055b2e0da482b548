package loadtest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func ExampleSpike() {
	spike := Spike{Over: 10 * time.Second, First: 0.5}
	for _, i := range []int{0, 250, 500, 750, 999} {
		fmt.Println(i, spike.At(i, 1000))
	}
	// Output:
	// 0 0s
	// 250 500ms
	// 500 1s
	// 750 5.5s
	// 999 9.982s
}

func TestShapesNeverGoBackAndEndInTime(t *testing.T) {
	const n, over = 1000, 10 * time.Second
	for _, shape := range []Shape{Even{over}, Ramp{over}, Spike{over, 0.5}, Spike{over, 0}, Spike{over, 1}} {
		last := time.Duration(0)
		for i := range n {
			at := shape.At(i, n)
			if at < last || at >= over {
				t.Fatalf("%#v.At(%d, %d) = %v; want %v or later, before %v", shape, i, n, at, last, over)
			}
			last = at
		}
	}
}

func TestAMixIsDrawnByItsShares(t *testing.T) {
	mix := Mix{Leave: 0.1, NoShow: 0.2, Late: 0.05, Wanders: 0.15, SecondTab: 0.3, DoubleClick: 0.4, LostReply: 0.5}
	r := rand.New(rand.NewPCG(1, 2))
	const n = 100_000
	got := map[string]float64{}
	for range n {
		b := mix.draw(r)
		got[[...]string{"buys", "leave", "no-show", "late", "wanders"}[b.ending]] += 1.0 / n
		for name, yes := range map[string]bool{"tab": b.secondTab, "click": b.doubleClick, "join": b.lostJoin, "claim": b.lostClaim} {
			if yes {
				got[name] += 1.0 / n
			}
		}
	}
	want := map[string]float64{"buys": 0.5, "leave": 0.1, "no-show": 0.2, "late": 0.05, "wanders": 0.15, "tab": 0.3, "click": 0.4, "join": 0.5, "claim": 0.5}
	for name, share := range want {
		if diff := got[name] - share; diff > 0.01 || diff < -0.01 {
			t.Errorf("share of %s = %.3f; want %.3f", name, got[name], share)
		}
	}
}
