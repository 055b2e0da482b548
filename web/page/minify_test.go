package page

import (
	"flag"
	"os"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

//go:generate go test -run TestServedFilesAreTheSourcesMinified -update .

var update = flag.Bool("update", false, "write the minified files anew")

// TestServedFilesAreTheSourcesMinified keeps static/min in step with the
// sources. It is also what writes it (go generate), so that neither a build nor
// the binary needs the minifier.
func TestServedFilesAreTheSourcesMinified(t *testing.T) {
	tests := []struct {
		served  string
		sources []string
		options api.TransformOptions
	}{
		{"static/min/page.js", []string{"static/words.js", "static/ask.js", "static/page.js"}, api.TransformOptions{Loader: api.LoaderJS, Format: api.FormatIIFE, Target: api.ES2020}},
		{"static/min/draw.js", []string{"static/drawrules.js", "static/draw.js"}, api.TransformOptions{Loader: api.LoaderJS, Format: api.FormatIIFE, Target: api.ES2020}},
		{"static/min/draw.css", []string{"static/draw.css"}, api.TransformOptions{Loader: api.LoaderCSS}},
		{"static/min/proof.js", []string{"static/proof.js"}, api.TransformOptions{Loader: api.LoaderJS, Format: api.FormatESModule, Target: api.ES2020}},
		{"static/min/prices.js", []string{"static/prices.js"}, api.TransformOptions{Loader: api.LoaderJS, Format: api.FormatESModule, Target: api.ES2020}},
		{"static/min/prices.css", []string{"static/prices.css"}, api.TransformOptions{Loader: api.LoaderCSS}},
		{"static/min/page.css", []string{"static/page.css"}, api.TransformOptions{Loader: api.LoaderCSS}},
	}
	for _, tt := range tests {
		var source []byte
		for _, name := range tt.sources {
			part, err := os.ReadFile(name)
			if err != nil {
				t.Fatalf("read a source: %v", err)
			}
			source = append(source, part...)
		}
		tt.options.MinifyWhitespace, tt.options.MinifyIdentifiers, tt.options.MinifySyntax = true, true, true
		tt.options.Charset = api.CharsetUTF8
		result := api.Transform(string(source), tt.options)
		if len(result.Errors) > 0 {
			t.Fatalf("minify %s: %+v", tt.served, result.Errors)
		}
		if *update {
			if err := os.WriteFile(tt.served, result.Code, 0o644); err != nil {
				t.Fatalf("write %s: %v", tt.served, err)
			}
		}
		served, err := os.ReadFile(tt.served)
		if err != nil || string(served) != string(result.Code) {
			t.Errorf("%s is not its sources minified (%v); run go generate ./web/page", tt.served, err)
		}
	}
}
