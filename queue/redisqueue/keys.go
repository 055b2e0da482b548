package redisqueue

import (
	"strconv"

	"github.com/bilten/rushgate/queue"
)

// memberSize is how much of a visitor's id stands in the sets: 112 random bits
// tell everybody apart, and a sorted set keeps them in 110 bytes a visitor. With
// all 16 bytes the allocator rounds up to 126.
const memberSize = 14

// keys are all keys of a room, in the order that the scripts expect. The
// room's name is the hash tag: a Cluster keeps a room on one shard, so one
// script can change all of it.
func keys(room string) []string {
	prefix := prefix(room)
	all := []string{
		prefix + "room",     // HASH    policy, buckets, counters
		prefix + "called",   // ZSET    visitor -> turn's deadline, or 2^52 + stamp at the door
		prefix + "late",     // ZSET    visitor -> stamp, or order - 2^53 for who comes from an earlier life
		prefix + "lapsed",   // ZSET    visitor -> end of the grace
		prefix + "active",   // ZSET    visitor -> session's end
		prefix + "sessions", // HASH    visitor -> "number start probation generation"
		prefix + "ended",    // STREAM  sessions that ended before their time
		prefix + "arrived",  // ZSET    visitor -> 8 * ms of arrival + the line's index
		prefix + "over",     // ZSET    generation.number of a session of an earlier life -> when it ended
	}
	for i := 1; i <= queue.MaxLines; i++ { // room's name:<i> says which line
		all = append(all,
			lineKey(prefix, "line", i),  // ZSET  visitor -> order
			lineKey(prefix, "drawn", i), // ZSET  visitor -> order that the draw gives
			lineKey(prefix, "spent", i), // ZSET  visitor -> order of a place that buys nothing any more
		)
	}
	return all
}

func prefix(room string) string { return "rg:{" + room + "}:" }

func lineKey(prefix, kind string, i int) string { return prefix + kind + ":" + strconv.Itoa(i) }
