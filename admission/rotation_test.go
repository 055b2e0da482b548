package admission

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bilten/rushgate/draw"
)

func TestPromote(t *testing.T) {
	f := KeyFile{
		Pass:      []PassKey{{ID: "aaaa"}, {ID: "bbbb"}, {ID: "cccc"}},
		Admission: []AdmissionKey{{ID: "one"}, {ID: "two"}},
		Draw:      []DrawKey{{ID: "d1"}},
	}
	tests := []struct {
		name string
		id   string
		want string
	}{
		{"a pass key from the middle", "bbbb", "bbbb aaaa cccc one two d1"},
		{"a pass key from the end", "cccc", "cccc aaaa bbbb one two d1"},
		{"an admission key", "two", "aaaa bbbb cccc two one d1"},
		{"the one that signs already", "aaaa", "aaaa bbbb cccc one two d1"},
		{"an unknown one", "dddd", ""},
		{"a draw key, which its date puts in force", "d1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := f.Promote(tt.id)
			if (err != nil) != (tt.want == "") || ids(got) != tt.want {
				t.Errorf("Promote(%q) = %q, %v; want %q", tt.id, ids(got), err, tt.want)
			}
		})
	}
	if got := ids(f); got != "aaaa bbbb cccc one two d1" {
		t.Errorf("Promote changed its receiver to %q", got)
	}
}

func ids(f KeyFile) string {
	var all []string
	for _, k := range f.Pass {
		all = append(all, k.ID)
	}
	for _, k := range f.Admission {
		all = append(all, k.ID)
	}
	for _, k := range f.Draw {
		if k.Revoked {
			k.ID = "(" + k.ID + ")"
		}
		all = append(all, k.ID)
	}
	return strings.Join(all, " ")
}

// march is a day in March 2027, as a key file writes it.
func march(day int) string {
	return time.Date(2027, 3, day, 0, 0, 0, 0, time.UTC).Format(time.RFC3339)
}

// drawKeys are in force from the 1st, the 11th and the 21st of March.
func drawKeys() KeyFile {
	return KeyFile{
		Pass:      []PassKey{{ID: "aaaa", Secret: Secret(secretA)}, {ID: "bbbb", Secret: freshSecret()}},
		Admission: []AdmissionKey{{ID: "one", Key: Secret(edKey)}},
		Draw: []DrawKey{ // not in the order of their dates, which must not matter
			{ID: "d11", From: march(11), Secret: Secret(secretB)},
			{ID: "d21", From: march(21), Secret: freshSecret()},
			{ID: "d1", From: march(1), Secret: Secret(secretC)},
		},
	}
}

func TestRetire(t *testing.T) {
	tests := []struct {
		name string
		id   string
		day  int    // of March, the day of retiring
		want string // the ids left; or the error's beginning after a !
	}{
		{"a pass key that signs no more", "bbbb", 15, "aaaa one d11 d21 d1"},
		{"the pass key that signs", "aaaa", 15, "!aaaa signs: promote another pass key first"},
		{"the only admission key", "one", 15, "!one is the only admission key"},
		{"the oldest draw key, once another has taken over", "d1", 15, "aaaa bbbb one d11 d21"},
		{"a draw key for later, which nobody has used", "d21", 15, "aaaa bbbb one d11 d1"},
		{"the draw key in force", "d11", 15, "!d11 is in force since 2027-03-11"},
		{"a draw key whose draws would fall to an older one", "d11", 25, "!retire d1 first"},
		{"an unknown one", "d9", 15, `!no key has the id "d9"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := drawKeys()
			got, err := f.Retire(tt.id, time.Date(2027, 3, tt.day, 0, 0, 0, 0, time.UTC))
			wrong, refused := strings.CutPrefix(tt.want, "!")
			if refused != (err != nil) || refused && !strings.HasPrefix(err.Error(), wrong) || !refused && ids(got) != tt.want {
				t.Errorf("Retire(%q) = %q, %v; want %q", tt.id, ids(got), err, tt.want)
			}
			if after := ids(f); after != ids(drawKeys()) {
				t.Errorf("Retire changed its receiver to %q", after)
			}
		})
	}
}

func TestRevoke(t *testing.T) {
	tests := []struct {
		name  string
		id    string
		day   int    // of March, the day of revoking
		want  string // the ids left, without a fresh one; revoked ones in brackets
		fresh string // what a fresh key is for, or from when; empty: none is made
	}{
		{"the pass key that signs: the next one does", "aaaa", 15, "bbbb one d11 d21 d1", ""},
		{"the only admission key: a fresh one signs", "one", 15, "aaaa bbbb d11 d21 d1", "admission"},
		{"the draw key in force: its draws end, a fresh one takes over when all have it", "d11", 15, "aaaa bbbb one (d11) d21 d1", "2027-03-15T00:10:00Z"},
		{"a draw key that was in force", "d1", 15, "aaaa bbbb one d11 d21 (d1)", ""},
		{"a draw key for later, which nobody has used", "d21", 15, "aaaa bbbb one d11 d1", ""},
		{"the last draw key, in force", "d21", 25, "aaaa bbbb one d11 (d21) d1", "2027-03-25T00:10:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := drawKeys()
			got, fresh, err := f.Revoke(tt.id, time.Date(2027, 3, tt.day, 0, 0, 0, 0, time.UTC))
			if err != nil {
				t.Fatal(err)
			}
			ring(t, got) // loads
			left := strings.Join(strings.Fields(strings.Replace(ids(got), fresh, "", 1)), " ")
			if fresh == "" {
				left = ids(got)
			}
			if left != tt.want || (fresh != "") != (tt.fresh != "") {
				t.Errorf("Revoke(%q) = %q and a fresh %q; want %q and %q", tt.id, ids(got), fresh, tt.want, tt.fresh)
			}
			if kind, at, err := got.Find(fresh); tt.fresh != "" && (err != nil || kind != KindDraw && string(kind) != tt.fresh || kind == KindDraw && got.Draw[at].From != tt.fresh) {
				t.Errorf("the fresh key %q is for %s, %v; want %s", fresh, kind, err, tt.fresh)
			}
			if after := ids(f); after != ids(drawKeys()) {
				t.Errorf("Revoke changed its receiver to %q", after)
			}
		})
	}
}

func TestTheDateOfADrawChoosesItsKey(t *testing.T) {
	file := drawKeys()
	keys := ring(t, file)
	on := func(day, second int) time.Time { return time.Date(2027, 3, day, 0, 0, second, 0, time.UTC) }
	alone := func(id string) *Keys {
		f := file
		_, at, err := f.Find(id)
		if err != nil {
			t.Fatal(err)
		}
		f.Draw = f.Draw[at : at+1]
		return ring(t, f)
	}
	tests := []struct {
		name  string
		opens time.Time
		key   string // empty: none
	}{
		{"before the first", on(1, -1), ""},
		{"in the instant of the first", on(1, 0), "d1"},
		{"a second before the next", on(11, -1), "d1"},
		{"in the instant of the next", on(11, 0), "d11"},
		{"the same instant by another clock", on(11, 0).In(time.FixedZone("", 7200)), "d11"},
		{"long after the last", on(400, 0), "d21"},
	}
	for _, tt := range tests {
		seed, err := keys.DrawSeed("evt", 7, tt.opens)
		if tt.key == "" {
			if !errors.Is(err, ErrNoDrawKey) || !strings.Contains(err.Error(), "d1, is in force from 2027-03-01") {
				t.Errorf("%s: DrawSeed error = %v; want that the oldest is in force later", tt.name, err)
			}
			continue
		}
		want, _ := alone(tt.key).DrawSeed("evt", 7, on(400, 0))
		if err != nil || seed != want {
			t.Errorf("%s: DrawSeed = %v, %v; want that of %s", tt.name, draw.Digest(seed), err, tt.key)
		}
	}
	if a, b := must(t, keys, "a", 1), must(t, keys, "b", 1); a == b || a == must(t, keys, "a", 2) {
		t.Error("two events, or two lineages of one room, have the same seed")
	}
}

func must(t *testing.T, keys *Keys, event string, root uint64) [32]byte {
	t.Helper()
	seed, err := keys.DrawSeed(event, root, time.Date(2027, 3, 15, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

func TestWithoutADrawKeyDrawsAreRefused(t *testing.T) {
	opens := time.Date(2027, 3, 15, 0, 0, 0, 0, time.UTC)
	none, revoked := drawKeys(), drawKeys()
	none.Draw = nil
	revoked, _, err := revoked.Revoke("d11", opens)
	if err != nil {
		t.Fatal(err)
	}
	for want, file := range map[string]KeyFile{
		"draw of evt, which opens at 2027-03-15T00:00:00Z: no draw key: the key file has none":                    none,
		"draw of evt, which opens at 2027-03-15T00:00:00Z: no draw key: d11, which is in force then, was revoked": revoked,
	} {
		if _, err := ring(t, file).DrawSeed("evt", 7, opens); !errors.Is(err, ErrNoDrawKey) || err.Error() != want {
			t.Errorf("DrawSeed error = %v; want %s", err, want)
		}
	}
}

// F27, for draws: while half the fleet has the new key and half has not, every
// gateway makes the same seed for every draw that opens before the new key's date.
func TestF27ADrawKeyForLaterChangesNoDraw(t *testing.T) {
	before := drawKeys()
	after, id, err := before.AddDraw(time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	old, updated := ring(t, before), ring(t, after)
	for day := 1; day < 60; day++ {
		opens := time.Date(2027, 3, day, 12, 0, 0, 0, time.UTC)
		a, errA := old.DrawSeed("evt", 7, opens)
		b, errB := updated.DrawSeed("evt", 7, opens)
		if err := errors.Join(errA, errB); err != nil || (a == b) != (day <= 31) {
			t.Errorf("a draw that opens %s: same seed = %t, %v; want %t", opens.Format(time.DateOnly), a == b, err, day <= 31)
		}
	}
	if got := updated.Loaded().Draw; got[len(got)-1] != id {
		t.Errorf("Loaded().Draw = %q; want the newest last", got)
	}
}

// TestRotationThroughAFleet walks a rotation of passes and admissions through two
// gateways, one of which is always a step behind.
func TestRotationThroughAFleet(t *testing.T) {
	file := drawKeys()
	file.Pass, file.Draw = file.Pass[:1], nil
	added, passID, err := file.AddPass()
	if err != nil {
		t.Fatal(err)
	}
	added, admissionID, err := added.AddAdmission(ES256)
	if err != nil {
		t.Fatal(err)
	}
	promoted := step(t, added, KeyFile.Promote, passID, admissionID)
	retire := func(f KeyFile, id string) (KeyFile, error) { return f.Retire(id, time.Time{}) }
	retired := step(t, promoted, retire, "aaaa", "one")
	revoked := step(t, added, func(f KeyFile, id string) (KeyFile, error) {
		f, _, err := f.Revoke(id, time.Time{})
		return f, err
	}, "aaaa", "one")

	tests := []struct {
		name          string
		signs, checks KeyFile
		want          error
	}{
		{"F27 half has the new keys: the others' credentials hold there", file, added, nil},
		{"F27 half has the new keys: theirs hold at the others", added, file, nil},
		{"F27 half signs with the new keys: the others verify them", promoted, added, nil},
		{"F27 half signs with the new keys: old ones hold until their end", added, promoted, nil},
		{"F27 half has dropped the old keys: the new ones hold everywhere", promoted, retired, nil},
		{"F27 promoted before all had loaded: turned away by who has not", promoted, file, ErrUnknownKey},
		{"A15 a retired key opens nothing", file, retired, ErrUnknownKey},
		{"A15 a revoked key opens nothing, at once", file, revoked, ErrUnknownKey},
		{"A15 what comes after a revoked key holds where it was added", revoked, added, nil},
	}
	want := Want{Event: "evt", Organization: "acme", Now: someAdmission.Ends - 1} // until their very end
	for _, tt := range tests {
		signs, checks := ring(t, tt.signs), ring(t, tt.checks)
		if _, err := checks.OpenPass("evt", signs.SealPass(somePass)); !errors.Is(err, tt.want) {
			t.Errorf("%s: OpenPass error = %v; want %v", tt.name, err, tt.want)
		}
		if _, err := checks.OpenBrowser(signs.SealBrowser(Browser{7})); !errors.Is(err, tt.want) {
			t.Errorf("%s: OpenBrowser error = %v; want %v", tt.name, err, tt.want)
		}
		if _, err := checks.Verify(sign(t, signs, someAdmission), want); !errors.Is(err, tt.want) {
			t.Errorf("%s: Verify error = %v; want %v", tt.name, err, tt.want)
		}
	}
}

func step(t *testing.T, f KeyFile, do func(KeyFile, string) (KeyFile, error), ids ...string) KeyFile {
	t.Helper()
	for _, id := range ids {
		next, err := do(f, id)
		if err != nil {
			t.Fatal(err)
		}
		f = next
	}
	return f
}
