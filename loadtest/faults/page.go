package main

import (
	_ "embed"
	"html/template"
	"io"

	"github.com/bilten/rushgate/invariant"
	"github.com/bilten/rushgate/loadtest/plot"
)

//go:embed matrix.html
var pageText string

// HTML writes the matrix as one page that needs nothing else.
func (m Matrix) HTML(out io.Writer) error {
	page, err := template.New("matrix").Funcs(template.FuncMap{
		"mark": func(r Row, id invariant.ID) string { return r.mark(id) },
	}).Parse(pageText)
	if err != nil {
		return err
	}
	return page.Execute(out, struct {
		Matrix
		Style template.CSS
		IDs   []invariant.ID
	}{m, plot.Style, invariant.All()})
}
