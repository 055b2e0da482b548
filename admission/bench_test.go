package admission

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func BenchmarkSealPass(b *testing.B) {
	keys := testKeys(b)
	b.ReportAllocs()
	for b.Loop() {
		keys.SealPass(somePass)
	}
}

func BenchmarkOpenPass(b *testing.B) {
	keys := testKeys(b)
	cookie := keys.SealPass(somePass)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.OpenPass(somePass.Event, cookie); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenBrowser(b *testing.B) {
	keys := testKeys(b)
	cookie := keys.SealBrowser(Browser{1, 2, 3})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.OpenBrowser(cookie); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	keys := testKeys(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.Sign(someAdmission); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	keys := testKeys(b)
	token := sign(b, keys, someAdmission)
	want := Want{Event: "evt", Organization: "acme", Now: someAdmission.IssuedAt}
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := keys.verifier.parse(token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("again", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := keys.Verify(token, want); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("garbage", func(b *testing.B) {
		garbage := strings.Repeat(".", maxToken)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := keys.Verify(garbage, want); !errors.Is(err, ErrMalformed) {
				b.Fatal(err)
			}
		}
	})
}

var (
	somePass = Pass{
		Event: "evt", Generation: 0xfeedfacecafebeef, Line: "general", Visitor: Visitor{0: 7, 15: 9},
		Order: 1<<52 + 1234, Number: 1234, JoinedAt: start.UnixMilli(), PriceVersion: 3, PromiseP50: 140, PromiseP90: 190,
	}
	start         = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	someAdmission = Admission{
		Event: "evt", Organization: "acme", Visitor: Visitor{0: 7, 15: 9},
		Generation: 0xfeed, Session: 17, IssuedAt: start.UnixMilli(), Ends: start.Add(5 * time.Minute).UnixMilli(),
		Line: "general", Number: 1234, Prices: map[string]int64{"standing": 8900, "seated": 12900},
	}
)

func testKeys(t testing.TB) *Keys {
	t.Helper()
	keys, err := Ephemeral("https://tickets.example")
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func sign(t testing.TB, keys *Keys, a Admission) string {
	t.Helper()
	token, err := keys.Sign(a)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
