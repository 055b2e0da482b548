// Command baseline is what a bench holds Rushgate against. Each is a decent
// server of its kind, in a process of its own:
//
//	bare      Echo that answers prepared JSON: what HTTP costs, and no less
//	signing   the same with one EdDSA signature for each answer
//	naive     a waiting room as it is often written: Echo, go-redis, a JWT
//	proxy     httputil.ReverseProxy with a transport of its own
//	nginx     nginx with connections kept alive on both sides
//	shop      the origin behind the proxies
//
// It listens on a loopback address until it is told to stop:
//
//	baseline -addr 127.0.0.1:9000 -redis 127.0.0.1:6379 naive
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "baseline:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	addr     string // where to listen
	redis    string // naive: where its line is
	upstream string // proxy, nginx: what is behind them
	bytes    int    // bare, signing, shop: the length of an answer
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("baseline", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.addr, "addr", "127.0.0.1:9000", "loopback `address` to listen on")
	flags.StringVar(&o.redis, "redis", "127.0.0.1:6379", "`address` of naive's redis-server")
	flags.StringVar(&o.upstream, "upstream", "127.0.0.1:9001", "`address` that proxy and nginx forward to")
	flags.IntVar(&o.bytes, "bytes", 400, "length of an answer of bare, signing and shop")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch name := flags.Arg(0); name {
	case "bare":
		return serve(ctx, o.addr, bare(o.bytes))
	case "signing":
		return serve(ctx, o.addr, signing(o.bytes))
	case "naive":
		return serve(ctx, o.addr, naive(o.redis))
	case "proxy":
		return serve(ctx, o.addr, proxy(o.upstream))
	case "nginx":
		return nginx(ctx, o.addr, o.upstream)
	case "shop":
		return serve(ctx, o.addr, shop(o.bytes))
	default:
		return fmt.Errorf("%q: name one of bare, signing, naive, proxy, nginx and shop, after the flags", name)
	}
}

// errFar keeps a server without any protection from being reachable.
var errFar = errors.New("not a loopback address")

// serve answers until ctx ends.
func serve(ctx context.Context, addr string, handler http.Handler) error {
	listener, err := listen(addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func listen(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("%s: %w", addr, errFar)
	}
	return net.Listen("tcp", addr)
}
