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
	for _, shape := range []Shape{Even{over}, Ramp{over}, Spike{over, 0.5}, Spike{over, 0}, Spike{over, 1},
		Step{}, Spikes{over, 4, time.Second}, Poisson(n, over, 1), Replay([]int{300, 0, 0, 690, 5, 5}, 1, 1)} {
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

func ExampleReplay() {
	counted := []int{2, 0, 1} // people in each second of last year's opening
	fmt.Println(Replay(counted, 1, 1))
	fmt.Println(Replay(counted, 2, 4)) // twice the people, four times as fast
	// Output:
	// [0s 500ms 2s]
	// [0s 62.5ms 125ms 187.5ms 500ms 625ms]
}

func TestSpikesComeInWaves(t *testing.T) {
	train := Spikes{Over: 40 * time.Second, N: 4, Width: 2 * time.Second}
	for i, want := range map[int]time.Duration{0: 0, 50: time.Second, 100: 10 * time.Second, 150: 11 * time.Second, 399: 31980 * time.Millisecond} {
		if got := train.At(i, 400); got != want {
			t.Errorf("At(%d, 400) = %v; want %v", i, got, want)
		}
	}
}

// Gaps of a Poisson process are as wide as their mean, and as their deviation.
func TestPoissonIsPoisson(t *testing.T) {
	const n = 20_000
	moments := Poisson(n, n*time.Millisecond, 7)
	var squares, last float64
	for _, at := range moments {
		gap := at.Seconds()*1000 - last
		last = at.Seconds() * 1000
		squares += gap * gap
	}
	if got := squares / n; got < 1.9 || got > 2.1 { // of an exponential with mean 1: 2
		t.Errorf("mean square of the gaps = %.2f ms²; want 2", got)
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
