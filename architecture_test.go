package rushgate_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "github.com/bilten/rushgate"

// anything is an arrow to every package of the project.
const anything = "*"

// arrows is the drawing: which packages of the project a package may import
// outside its tests. A package that is not listed fails the test, so whoever
// adds one says here what it stands on.
var arrows = map[string][]string{
	".":                          {},
	"datadir":                    {},
	"event":                      {},
	"event/catalog":              {"event"},
	"event/catalog/keepsake":     {"datadir", "event/catalog"},
	"event/catalog/rediscatalog": {"event/catalog"},
	"event/catalog/catalogtest":  {"event", "event/catalog"},
	"accord":                     {},
	"accord/redisaccord":         {"accord"},
	"accord/accordtest":          {"accord"},
	"prescale":                   {"event"},
	"prescale/backtest":          {"prescale", "loadtest/plot"},
	"prescale/manifest":          {"prescale"},
	"stock":                      {"event"},
	"stock/shelf":                {"accord", "event", "stock"},
	"prescale/fault":             {},
	"prescale/rush":              {},
	"prescale/rush/crew":         {"accord", "event", "event/catalog", "prescale", "prescale/fault", "prescale/rush"},
	"prescale/watch":             {"accord", "prescale", "prescale/fault"},
	"prescale/k8s":               {"prescale/fault", "prescale/rush"},
	"prescale/webhook":           {"prescale/fault", "prescale/rush"},
	"prescale/prometheus":        {"prescale/fault"},
	"queue":                      {},
	"queue/redisqueue":           {"queue"},
	"queue/queuetest":            {"queue"},
	"invariant":                  {},
	"draw":                       {},
	"admission":                  {"draw"},
	"account":                    {"event", "admission"},
	"admission/verify":           {"admission"},
	"capacity":                   {"queue"},
	"capacity/leases":            {"accord", "capacity"},
	"room":                       {"draw", "event", "event/catalog", "queue"},
	"room/simtest":               {},
	"web":                        {"draw", "event", "queue", "admission", "account", "room", "stock", "pricing", "pricing/board", "web/page", "web/upstream"},
	"web/page":                   {"event", "draw", "pricing"},
	"web/upstream":               {},
	"web/upstream/roster":        {"accord", "web/upstream"},
	"web/upstream/slices":        {"web/upstream"},
	"web/organizer":              {"accord", "capacity", "event", "event/catalog", "prescale", "prescale/rush", "stock", "pricing", "pricing/board", "web/upstream", "web/upstream/roster"},
	"web/ops":                    {},
	"pricing":                    {"event"},
	"pricing/board":              {"accord", "event", "pricing", "stock"},
	"pricing/simulate":           {"pricing", "loadtest/plot"},
	"shop":                       {"admission/verify"},
	"loadtest":                   {"invariant"},
	"loadtest/baseline":          {},
	"loadtest/bench":             {"admission", "queue", "queue/redisqueue", "loadtest/process"},
	"loadtest/command":           {},
	"loadtest/plot":              {},
	"loadtest/rehearsal":         {"loadtest", "loadtest/plot", "invariant"},
	"loadtest/process":           {},
	"loadtest/redisd":            {"loadtest/process"},
	"loadtest/stage":             {"loadtest", "loadtest/process", "loadtest/redisd", "invariant"},
	"loadtest/faults":            {"loadtest", "loadtest/command", "loadtest/redisd", "loadtest/stage", "loadtest/plot", "invariant"},
	"loadtest/staged":            {"loadtest", "loadtest/command", "loadtest/stage", "invariant"},
	"loadtest/scale":             {"loadtest", "loadtest/command", "loadtest/plot", "loadtest/process", "loadtest/stage", "invariant"},
	"loadtest/vegeta":            {"loadtest", "loadtest/command"},
	"loadtest/rush":              {"loadtest", "loadtest/command", "loadtest/stage", "invariant"},
	"loadtest/million":           {"loadtest", "loadtest/command", "loadtest/stage", "invariant"},
	"loadtest/simulate":          {"loadtest", "loadtest/plot", "queue", "room"},
	"cmd/rushgate":               {anything},
	"cmd/shop":                   {"admission/verify", "shop"},
	"internal/redistest":         {},
}

// owners are the only packages that know a library, so that replacing it stays
// their work alone.
var owners = map[string][]string{
	"github.com/labstack/echo/v4":   {"web", "web/organizer", "loadtest/baseline"},
	"github.com/redis/go-redis/v9":  {"accord/redisaccord", "queue/redisqueue", "event/catalog/rediscatalog", "cmd/rushgate", "internal/redistest", "loadtest/baseline", "loadtest/bench", "loadtest/redisd"},
	"github.com/golang-jwt/jwt/v5":  {"admission", "account", "loadtest/baseline"},
	"github.com/go-jose/go-jose/v4": {"account"},
	"github.com/dunglas/httpsfv":    {"stock"},
	"github.com/alecthomas/kong":    {"cmd/rushgate"},
	"k8s.io":                        {"web/upstream/slices", "prescale/k8s", "cmd/rushgate"},
	"cel.dev/cel-go":                {"pricing"},
	"github.com/bojanz/currency":    {"pricing"},
	"github.com/shopspring/decimal": {"pricing"},

	"github.com/prometheus/client_golang/api": {"prescale/prometheus"},
}

// pure packages decide; what they decide on is handed to them.
var pure = []string{"accord", "event", "queue", "invariant", "draw", "prescale", "prescale/backtest", "prescale/manifest", "prescale/fault", "prescale/rush", "capacity", "stock", "pricing"}

var bannedInPure = []string{"net", "net/http", "os", "os/exec", "math/rand", "math/rand/v2", "crypto/rand"}

// bannedNames are reachable from everywhere, so nobody can tell who uses them.
var bannedNames = map[string]map[string]bool{
	"net/http": {
		"DefaultClient": true, "DefaultServeMux": true, "Get": true, "Head": true, "Post": true,
		"PostForm": true, "Handle": true, "HandleFunc": true,
	},
	"github.com/prometheus/client_golang/prometheus": {
		"DefaultRegisterer": true, "DefaultGatherer": true, "Register": true, "MustRegister": true,
	},
}

var bannedInPureNames = map[string]map[string]bool{
	"time": {"Now": true, "Since": true, "Until": true, "Sleep": true, "After": true, "NewTimer": true, "NewTicker": true},
}

const maxLines = 420

func TestArchitecture(t *testing.T) {
	house, err := inspect(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	house.idle()
	for _, complaint := range house.complaints {
		t.Error(complaint)
	}
}

func TestArchitectureComplains(t *testing.T) {
	const doc = "// Package x is documented.\n"
	tests := []struct {
		name string // what somebody did
		file string
		text string
		want string // empty: nothing to complain about
	}{
		{"an allowed arrow", "room/a.go", doc + `package room; import _ "` + module + `/queue"`, ""},
		{"an arrow upwards", "queue/a.go", doc + `package queue; import _ "` + module + `/room"`, "queue/a.go: package queue may not import room"},
		{"a test may look anywhere", "queue/a_test.go", `package queue_test; import _ "` + module + `/room"`, ""},
		{"a package without a row", "util/a.go", doc + "package util", "util: not in the table of arrows of architecture_test.go; say there what it may import"},
		{"a package without a doc comment", "event/a.go", "package event", "event: 0 package doc comments; want 1"},
		{"a pure package that opens files", "event/a.go", doc + `package event; import _ "os"`, "event/a.go: pure package event may not import os"},
		{"a pure package that reads the clock", "event/a.go", doc + "package event\nimport \"time\"\nvar now = time.Now", "event/a.go: time.Now is not for package event"},
		{"a library that another package owns", "room/a.go", doc + `package room; import _ "github.com/golang-jwt/jwt/v5/request"`, "room/a.go: only admission, account, loadtest/baseline may import github.com/golang-jwt/jwt/v5/request"},
		{"a renamed import hides nothing", "event/a.go", doc + "package event\nimport clock \"time\"\nvar now = clock.Now", "event/a.go: time.Now is not for package event"},
		{"the client that everybody shares", "web/a.go", doc + "package web\nimport \"net/http\"\nvar c = http.DefaultClient", "web/a.go: http.DefaultClient is not for package web"},
		{"a hidden start", "web/a.go", doc + "package web\nfunc init() {}", "web/a.go: init() hides who calls what; wire it in New"},
		{"a method called init", "web/a.go", doc + "package web\ntype T struct{}\nfunc (T) init() {}", ""},
		{"a long script", "queue/redisqueue/tick.lua", strings.Repeat("--\n", maxLines+1), "queue/redisqueue/tick.lua: 421 lines; want at most 420"},
		{"a generated file may be long", "web/a.go", "// Code generated by x. DO NOT EDIT.\n\n" + doc + "package web\n" + strings.Repeat("//\n", maxLines), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := inspect(fstest.MapFS{test.file: {Data: []byte(test.text)}})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Join(got.complaints, "\n") != test.want {
				t.Errorf("inspect(%s) = %q; want %q", test.file, got.complaints, test.want)
			}
		})
	}
}

func TestIdleArrowsAreNamed(t *testing.T) {
	source := "// Package x is documented.\npackage main; import _ \"" + module + "/shop\""
	house, err := inspect(fstest.MapFS{"cmd/shop/a.go": {Data: []byte(source)}})
	if err != nil {
		t.Fatal(err)
	}
	house.idle()
	const used, idle = "cmd/shop does not import shop: ", "cmd/shop does not import admission/verify: "
	got := "\n" + strings.Join(house.complaints, "\n")
	if strings.Contains(got, "\n"+used) || !strings.Contains(got, "\n"+idle) {
		t.Errorf("idle() = %s; want %q among it, and not %q", got, idle, used)
	}
}

// inspect reads every source file below root and finds what breaks the rules.
func inspect(root fs.FS) (*inspection, error) {
	house := &inspection{docs: map[string]int{}, drawn: map[[2]string]bool{}}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipDir(name):
			return fs.SkipDir
		case entry.IsDir() || !slices.Contains([]string{".go", ".lua", ".js", ".mjs", ".css"}, path.Ext(name)):
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		return house.file(name, text)
	})
	for _, dir := range slices.Sorted(maps.Keys(house.docs)) {
		if _, known := arrows[dir]; !known {
			house.complain("%s: not in the table of arrows of architecture_test.go; say there what it may import", dir)
		}
		if n := house.docs[dir]; n != 1 {
			house.complain("%s: %d package doc comments; want 1", dir, n)
		}
	}
	return house, err
}

// idle complains of arrows that nobody uses any more: over them the next import
// would come in without an argument.
func (in *inspection) idle() {
	for _, from := range slices.Sorted(maps.Keys(arrows)) {
		for _, to := range arrows[from] {
			if to != anything && !in.drawn[[2]string{from, to}] {
				in.complain("%s does not import %s: take the arrow out of architecture_test.go", from, to)
			}
		}
	}
}

func skipDir(name string) bool {
	base := path.Base(name)
	return base == "node_modules" || base == "testdata" || len(base) > 1 && base[0] == '.'
}

type inspection struct {
	docs       map[string]int     // directory -> package doc comments outside tests
	drawn      map[[2]string]bool // who imports whom of the project
	complaints []string
}

func (in *inspection) complain(format string, args ...any) {
	in.complaints = append(in.complaints, fmt.Sprintf(format, args...))
}

func (in *inspection) file(name string, text []byte) error {
	generated := false
	if path.Ext(name) == ".go" {
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		generated = ast.IsGenerated(file)
		if !strings.HasSuffix(name, "_test.go") {
			in.source(name, file)
		}
	}
	if n := bytes.Count(text, []byte("\n")); n > maxLines && !generated {
		in.complain("%s: %d lines; want at most %d", name, n, maxLines)
	}
	return nil
}

func (in *inspection) source(name string, file *ast.File) {
	dir := path.Dir(name)
	documented := 0
	if file.Doc != nil {
		documented = 1
	}
	in.docs[dir] += documented
	imported := map[string]string{} // the name in this file -> import path
	for _, spec := range file.Imports {
		target, _ := strconv.Unquote(spec.Path.Value)
		imported[localName(spec, target)] = target
		in.arrow(name, dir, target)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncDecl:
			if node.Name.Name == "init" && node.Recv == nil {
				in.complain("%s: init() hides who calls what; wire it in New", name)
			}
		case *ast.SelectorExpr:
			if qualifier, ok := node.X.(*ast.Ident); ok {
				in.use(name, dir, imported[qualifier.Name], node.Sel.Name)
			}
		}
		return true
	})
}

func (in *inspection) arrow(name, dir, target string) {
	if slices.Contains(pure, dir) && slices.Contains(bannedInPure, target) {
		in.complain("%s: pure package %s may not import %s", name, dir, target)
	}
	for library, who := range owners {
		if strings.HasPrefix(target+"/", library+"/") && !slices.Contains(who, dir) {
			in.complain("%s: only %s may import %s", name, strings.Join(who, ", "), target)
		}
	}
	sibling, ours := strings.CutPrefix(target, module+"/")
	in.drawn[[2]string{dir, sibling}] = ours
	allowed, known := arrows[dir]
	if ours && known && !slices.Contains(allowed, anything) && !slices.Contains(allowed, sibling) {
		in.complain("%s: package %s may not import %s", name, dir, sibling)
	}
}

func (in *inspection) use(name, dir, target, symbol string) {
	if bannedNames[target][symbol] || slices.Contains(pure, dir) && bannedInPureNames[target][symbol] {
		in.complain("%s: %s.%s is not for package %s", name, path.Base(target), symbol, dir)
	}
}

func localName(spec *ast.ImportSpec, target string) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return path.Base(target)
}
