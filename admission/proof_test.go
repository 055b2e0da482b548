package admission

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"
)

var asked = Challenge{Event: "hamlet", Visitor: Visitor{1}, Work: 64 * Shares, Issued: 1_800_000_000_000}

// work answers a challenge as any client would, by the documented contract.
func work(challenge string, load uint32) string {
	seed, _ := hex.DecodeString(Seed(challenge))
	message := append(seed, make([]byte, 8)...)
	answer := challenge
	for i := range uint32(Shares) {
		binary.BigEndian.PutUint32(message[32:], i)
		for n := uint32(0); ; n++ {
			binary.BigEndian.PutUint32(message[36:], n)
			sum := sha256.Sum256(message)
			if uint64(binary.BigEndian.Uint32(sum[:])) < Limit(load) {
				answer += "." + strconv.FormatUint(uint64(n), 36)
				break
			}
		}
	}
	return answer
}

func TestWorkIsTaken(t *testing.T) {
	k := testKeys(t)
	challenge := k.SealChallenge(asked)
	got, worked, err := k.OpenProof("hamlet", work(challenge, asked.Work), asked.Issued+5000)
	if err != nil || !worked || got != asked {
		t.Errorf("OpenProof(work) = %+v, %t, %v; want the challenge, worked for", got, worked, err)
	}
	_, worked, err = k.OpenProof("hamlet", challenge, asked.Issued+WaitInstead.Milliseconds())
	if err != nil || worked {
		t.Errorf("OpenProof(waited) = %t, %v; want it taken as waited with", worked, err)
	}
}

// A61: proofs that are replayed elsewhere, worked out ahead or made easier.
func TestWorkThatIsNotTaken(t *testing.T) {
	k := testKeys(t)
	challenge := k.SealChallenge(asked)
	proof := work(challenge, asked.Work)
	soon, late := asked.Issued+1000, asked.Issued+ChallengeLife.Milliseconds()+1
	numbers := strings.SplitN(proof, ".", 2)[1]
	for _, tt := range []struct {
		say, event, proof string
		now               int64
		want              error
	}{
		{"of another event", "lear", proof, soon, ErrForged},
		{"of another installation", "hamlet", work(testKeys(t).SealChallenge(asked), asked.Work), soon, ErrUnknownKey},
		{"worked out ahead of its time", "hamlet", proof, late, ErrExpired},
		{"waited with for too long", "hamlet", challenge, late, ErrExpired},
		{"not waited with for long enough", "hamlet", challenge, asked.Issued + WaitInstead.Milliseconds() - 1, ErrNotYet},
		{"a clock that went back", "hamlet", challenge, asked.Issued - 3600_000, ErrNotYet},
		{"done for less", "hamlet", work(challenge, Shares), soon, ErrUnsolved},
		{"the numbers under a harder challenge", "hamlet", k.SealChallenge(Challenge{Event: "hamlet", Work: 1 << 24, Issued: asked.Issued}) + "." + numbers, soon, ErrUnsolved},
		{"fifteen numbers", "hamlet", proof[:strings.LastIndexByte(proof, '.')], soon, ErrUnsolved},
		{"seventeen numbers", "hamlet", proof + ".0", soon, ErrUnsolved},
		{"no number", "hamlet", challenge + ".", soon, ErrUnsolved},
		{"one number beyond four bytes", "hamlet", challenge + ".zzzzzzzz" + strings.Repeat(".0", 15), soon, ErrUnsolved},
		{"a number with a sign", "hamlet", challenge + ".-1" + strings.Repeat(".0", 15), soon, ErrUnsolved},
		{"a pass instead", "hamlet", k.SealPass(Pass{Event: "hamlet", Line: "general"}), soon, ErrForged},
		{"a visitor cookie instead", "hamlet", k.SealBrowser(Browser{1}), soon, ErrForged},
		{"nothing", "hamlet", "", soon, ErrMalformed},
		{"a megabyte", "hamlet", strings.Repeat("a", 1<<20), soon, ErrMalformed},
		{"a megabyte of numbers", "hamlet", challenge + strings.Repeat(".0", 1<<19), soon, ErrMalformed},
	} {
		if _, _, err := k.OpenProof(tt.event, tt.proof, tt.now); !errors.Is(err, tt.want) {
			t.Errorf("%s: OpenProof(%.40q) = %v; want %v", tt.say, tt.proof, err, tt.want)
		}
	}
	lowered := []byte(challenge)
	for i := range lowered {
		changed := append([]byte(nil), lowered...)
		changed[i] ^= 1
		if _, _, err := k.OpenProof("hamlet", string(changed), late-1); err == nil {
			t.Fatalf("a challenge with letter %d changed is taken", i)
		}
	}
}

// A63: the work is bounded by what a cheap phone can do, whatever the load.
func TestEffort(t *testing.T) {
	for _, tt := range []struct {
		say       string
		most      time.Duration
		always    bool
		perSecond float64
		want      uint32
	}{
		{"only in a rush: nobody comes", time.Second, false, 0, 0},
		{"only in a rush: a calm day", time.Second, false, calm, 0},
		{"only in a rush: it begins", time.Second, false, calm + 0.01, CheapPhone / 4},
		{"only in a rush: half way", time.Second, false, (calm + rush) / 2, CheapPhone * 5 / 8},
		{"only in a rush: the rush", time.Second, false, rush, CheapPhone},
		{"a flood makes it no harder than the most", time.Second, false, 1e9, CheapPhone},
		{"always: a quarter on a calm day", time.Second, true, 0, CheapPhone / 4},
		{"always: all of it in a rush", 1200 * time.Millisecond, true, rush, 60_000},
	} {
		got := Effort(tt.most, tt.always, tt.perSecond)
		if diff := int64(got) - int64(tt.want); diff < -5 || diff > 5 {
			t.Errorf("%s: Effort(%v, %t, %v) = %d; want %d", tt.say, tt.most, tt.always, tt.perSecond, got, tt.want)
		}
	}
}

// The whole way of a proof through the gateway costs microseconds.
func BenchmarkOpenProof(b *testing.B) {
	k := testKeys(b)
	proof := work(k.SealChallenge(asked), asked.Work)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := k.OpenProof("hamlet", proof, asked.Issued+1); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzOpenProof(f *testing.F) {
	k := testKeys(f)
	challenge := k.SealChallenge(asked)
	f.Add(work(challenge, asked.Work))
	f.Add(challenge)
	f.Add(challenge + ".0.1.2")
	f.Fuzz(func(t *testing.T, proof string) {
		c, _, err := k.OpenProof("hamlet", proof, asked.Issued+20_000)
		if err == nil && c != asked {
			t.Errorf("OpenProof(%q) = %+v: a challenge that nobody made", proof, c)
		}
	})
}
