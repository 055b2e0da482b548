package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
)

//go:embed static/min
var staticFiles embed.FS

// asset is a file whose name holds a hash of its bytes, so that it never
// changes and may be kept for ever.
type asset struct {
	name        string
	contentType string
	plain       []byte
	gzipped     []byte
}

func newAsset(stem, extension, contentType string, content []byte) (asset, error) {
	sum := sha256.Sum256(content)
	a := asset{
		name:        stem + "." + hex.EncodeToString(sum[:6]) + extension,
		contentType: contentType,
		plain:       content,
	}
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return asset{}, fmt.Errorf("compress %s: %w", a.name, err)
	}
	if _, err := zip.Write(content); err != nil {
		return asset{}, fmt.Errorf("compress %s: %w", a.name, err)
	}
	if err := zip.Close(); err != nil {
		return asset{}, fmt.Errorf("compress %s: %w", a.name, err)
	}
	a.gzipped = packed.Bytes()
	return a, nil
}

func stylesheet(stem string) (asset, error) { return fixed(stem, ".css", "text/css; charset=utf-8") }

// workScript is a module that the page's script loads when the event asks for
// work.
func workScript() (asset, error) { return fixed("proof", ".js", "text/javascript; charset=utf-8") }

// priceScript is a module that the page's script loads where there are prices.
func priceScript() (asset, error) {
	return fixed("prices", ".js", "text/javascript; charset=utf-8")
}

// fixed is a file that is served as it stands.
func fixed(stem, extension, contentType string) (asset, error) {
	content, err := staticFiles.ReadFile("static/min/" + stem + extension)
	if err != nil {
		return asset{}, fmt.Errorf("read an asset: %w", err)
	}
	return newAsset(stem, extension, contentType, content)
}

// script is the waiting page's script with the words of one language in front:
// they are the same for everybody, so they belong in the file that browsers keep
// and not in the page, which none may store.
func script(w words) (asset, error) {
	catalogue, err := json.Marshal(w.forScript())
	if err != nil {
		return asset{}, fmt.Errorf("encode the words: %w", err)
	}
	return scriptAsset("page", w, catalogue)
}

func scriptAsset(stem string, w words, catalogue []byte) (asset, error) {
	code, err := staticFiles.ReadFile("static/min/" + stem + ".js")
	if err != nil {
		return asset{}, fmt.Errorf("read the script: %w", err)
	}
	content := fmt.Appendf(nil, "const words=%s;\n%s", catalogue, code)
	return newAsset(stem+"."+w.Language, ".js", "text/javascript; charset=utf-8", content)
}

// ServeAsset serves {prefix}/assets/{name}; an unknown name is a 404.
func (p *Pages) ServeAsset(w http.ResponseWriter, r *http.Request) {
	a, ok := p.assets[path.Base(r.URL.Path)]
	if !ok {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "no such asset", http.StatusNotFound)
		return
	}
	content := a.plain
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		content = a.gzipped
	}
	h.Set("Content-Length", fmt.Sprint(len(content)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(content) // the visitor has gone; there is nobody to tell
	}
}

// acceptsGzip reads an Accept-Encoding header; "gzip;q=0" refuses.
func acceptsGzip(header string) bool {
	for item := range strings.SplitSeq(header, ",") {
		coding, quality, _ := strings.Cut(item, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			quality = strings.ReplaceAll(quality, " ", "")
			return strings.Trim(strings.TrimPrefix(quality, "q="), "0.") != "" || quality == ""
		}
	}
	return false
}
