package main

import (
	"net/http"
	"strings"

	"github.com/bilten/rushgate/loadtest"
	"github.com/bilten/rushgate/loadtest/stage"
)

// shops are the one behind the event and the one behind the bystanders' event.
type shops struct{ rush, calm *loadtest.Origin }

func (s *shops) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, stage.BystanderPath) {
		s.calm.ServeHTTP(w, r)
		return
	}
	s.rush.ServeHTTP(w, r)
}
