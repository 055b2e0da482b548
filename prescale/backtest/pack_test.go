package backtest

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/csv"
	"flag"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var csvFile = flag.String("csv", "", "requests_per_minute.csv: derive data/requests.gz from it")

// TestDerive makes the counts again; data/README.md says from what.
func TestDerive(t *testing.T) {
	if *csvFile == "" {
		t.Skip("needs -csv")
	}
	file, err := os.Open(*csvFile)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	end := day(time.July, 13)
	var counts []int
	for _, row := range rows[1:] {
		at, err := time.Parse(time.DateTime, row[0])
		if err != nil {
			t.Fatal(err)
		}
		if at.Before(begin) || !at.Before(end) {
			continue
		}
		if want := begin.Add(time.Duration(len(counts)) * time.Minute); !at.Equal(want) {
			t.Fatalf("minute %v is missing", want)
		}
		n, err := strconv.Atoi(row[1])
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, n)
	}
	if err := os.WriteFile("data/requests.gz", pack(t, counts), 0o600); err != nil {
		t.Fatal(err)
	}
}

func pack(t interface{ Fatal(...any) }, counts []int) []byte {
	var out bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	var data []byte
	before := 0
	for _, n := range counts {
		data = binary.AppendVarint(data, int64(n-before))
		before = n
	}
	if _, err := zipped.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWhatIsPackedIsUnpacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 1<<40), 1, 50).Draw(t, "counts")
		got, err := unpack(bytes.NewReader(pack(t, counts)))
		if err != nil || !slices.Equal(got, counts) {
			t.Fatalf("unpack(pack(%v)) = %v, %v", counts, got, err)
		}
	})
}

func TestDamagedCountsAreRefused(t *testing.T) {
	whole := pack(t, []int{1, 2, 300})
	for name, data := range map[string][]byte{"nothing": nil, "cut off": whole[:len(whole)-4], "not gzip": []byte("1,2,300")} {
		if got, err := unpack(bytes.NewReader(data)); err == nil {
			t.Errorf("%s: unpack = %v", name, got)
		}
	}
}
