//go:build race

package admission

// The race detector makes sync.Pool drop at random.
const raceEnabled = true
