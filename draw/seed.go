package draw

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"log/slog"
)

// Space is how many orders there are: every order of a draw is below it, every
// order of those who come later is not. A float64 holds each exactly, which is
// all that a sorted set has.
const Space int64 = 1 << 52

// Labels keep hashes for one use from ever being good for another.
const (
	seedLabel  = "rushgate draw seed 1"
	entryLabel = "rushgate draw entry 1"
	valueLabel = "rushgate draw value 1"
)

// Seed decides one draw. It is a secret until the start.
type Seed [sha256.Size]byte

// NewSeed is the seed of an event's draw under a draw key. The root is the first
// generation of the room's lineage, so a restored room keeps its draw.
func NewSeed(key []byte, event string, root uint64) Seed {
	mac := hmac.New(sha256.New, key)
	mac.Write(binary.BigEndian.AppendUint64(labelled(seedLabel, event), root))
	return Seed(mac.Sum(nil))
}

// Commitment is published before anybody comes: plain SHA-256 of the seed, so
// that any tool can check it.
func (s Seed) Commitment() [sha256.Size]byte { return sha256.Sum256(s[:]) }

// String keeps a seed out of logs and messages; [Digest] shows one on purpose.
func (s Seed) String() string { return "hidden" }

// GoString does the same for %#v.
func (s Seed) GoString() string { return "draw.Seed(hidden)" }

// LogValue does the same for slog.
func (s Seed) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Order is where the seed puts an entry: the first 52 bits of HMAC-SHA256, in
// [1, Space-1]. 0 means "in the draw" on a pass, so it becomes 1.
//
// Among a million entries two share an order about once in ten thousand draws.
// The store then puts the lower member first; the list doesn't show members, so
// a check takes either order of the two.
func (s Seed) Order(e Entry) int64 {
	sum := s.mac(e)
	return max(1, first52(sum))
}

// mac is HMAC-SHA256 without the allocations of crypto/hmac: a join and a check
// of a million entries do little else.
func (s Seed) mac(e Entry) [sha256.Size]byte {
	var inner [sha256.BlockSize + len(e)]byte
	var outer [sha256.BlockSize + sha256.Size]byte
	for i := range sha256.BlockSize {
		inner[i], outer[i] = 0x36, 0x5c
	}
	for i, b := range s {
		inner[i] ^= b
		outer[i] ^= b
	}
	copy(inner[sha256.BlockSize:], e[:])
	sum := sha256.Sum256(inner[:])
	copy(outer[sha256.BlockSize:], sum[:])
	return sha256.Sum256(outer[:])
}

// Turn is by how much a public value turns the circle of orders, in
// [0, Space-1]. Without a value nothing turns.
func Turn(publicValue string) int64 {
	if publicValue == "" {
		return 0
	}
	return first52(sha256.Sum256(labelled(valueLabel, publicValue)))
}

// Rotate is an order after the turn, in [1, Space-1]: the lowest order that is
// not below turn comes first, and after the highest comes the lowest. A store
// that pops from turn upward and then from 0 up to turn does the same without
// moving anybody. Only an order equal to turn would become 0; it becomes 1.
func Rotate(order, turn int64) int64 {
	return max(1, (order-turn)&(Space-1))
}

func first52(sum [sha256.Size]byte) int64 {
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 12) // 64 - 52 bits
}

// labelled is a label and a text, each ended by a zero byte. A label holds none,
// so no two pairs are the same bytes.
func labelled(label, text string) []byte {
	data := make([]byte, 0, len(label)+len(text)+32)
	data = append(data, label...)
	data = append(data, 0)
	data = append(data, text...)
	return append(data, 0)
}
