// Command rushgate is the waiting room in one binary: the gateway, the
// organizer's and operator's tools, and a demo that needs nothing else.
//
// It is also the only place that knows every package: everything is wired here.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}
