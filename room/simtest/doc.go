// Package simtest proves by play that the rules of a room hold together: small
// rushes, each thrown by dice from one seed, against the gateways' real rooms
// ([github.com/bilten/rushgate/room.Keeper]) and a real store that loses things.
//
//	dice --> visitors --> gateways: keepers, ledgers, memories, clocks of their own
//	   \                     |
//	    \--> faults -----> tape: queue.Memory, and all that it was ever asked
//
// All run in a bubble of testing/synctest, so minutes take milliseconds and a seed
// replays exactly. Whatever a visitor was told is recorded, and package
// invariant judges it. The package holds only tests:
//
//	go test ./room/simtest -rush.count 5000
//	go test ./room/simtest -rush.seed 4711 -v
package simtest
