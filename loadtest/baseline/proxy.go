package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// keptConnections is more than any bench opens.
const keptConnections = 1024

// proxy is net/http's reverse proxy as it should be set up: with the default
// transport it would dial for nearly every request.
func proxy(upstream string) http.Handler {
	target := &url.URL{Scheme: "http", Host: upstream}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		},
		Transport: &http.Transport{
			MaxIdleConnsPerHost: keptConnections,
			IdleConnTimeout:     time.Minute,
			DisableCompression:  true,
		},
		BufferPool: &buffers{},
	}
}

const bufferSize = 32 << 10

type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if buffer, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return buffer[:]
	}
	return make([]byte, bufferSize)
}

func (b *buffers) Put(buffer []byte) { b.pool.Put((*[bufferSize]byte)(buffer)) }

const nginxConfig = `daemon off;
worker_processes auto;
pid %[1]s/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  keepalive_requests 100000000;
  upstream shop {
    server %[3]s;
    keepalive 1024;
    keepalive_requests 100000000;
  }
  server {
    listen %[2]s;
    location / {
      proxy_pass http://shop;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $host;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`

// nginx runs the one that is installed until ctx ends.
func nginx(ctx context.Context, addr, upstream string) error {
	listener, err := listen(addr)
	if err != nil {
		return err
	}
	_ = listener.Close() // the address was fine: nginx takes it
	dir, err := os.MkdirTemp("", "nginx")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, nginxConfig, dir, addr, upstream), 0o600); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "nginx", "-p", dir, "-e", "stderr", "-c", config)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); ctx.Err() == nil {
		return fmt.Errorf("nginx: %w", err)
	}
	return nil
}
