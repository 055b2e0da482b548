package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// certificate serves a pair of PEM files and follows their changes, so that a
// renewed certificate needs no restart.
type certificate struct {
	cert, key string
	current   atomic.Pointer[tls.Certificate]
}

// certificateCheck is how often the files are looked at; renewals come weeks
// before the old certificate ends.
const certificateCheck = 10 * time.Second

func openCertificate(cert, key string) (*certificate, error) {
	c := &certificate{cert: cert, key: key}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", cert, err)
	}
	c.current.Store(&pair)
	return c, nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.current.Load(), nil
		},
	}
}

// reload keeps the old pair when the new one is not whole: certificate and key
// are two files, and a reload can fall between them.
func (c *certificate) reload(log *slog.Logger) {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		log.Error("certificate not reloaded, the old one stays", "cert", c.cert, "err", err)
		return
	}
	c.current.Store(&pair)
	log.Info("certificate reloaded", "cert", c.cert)
}

// follow reloads when either file has changed, until ctx ends.
func (c *certificate) follow(ctx context.Context, log *slog.Logger) {
	ticker := time.NewTicker(certificateCheck)
	defer ticker.Stop()
	seen := c.stamp()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if now := c.stamp(); now != seen {
				seen = now
				c.reload(log)
			}
		}
	}
}

func (c *certificate) stamp() (stamp [2]int64) {
	for i, file := range []string{c.cert, c.key} {
		if info, err := os.Stat(file); err == nil {
			stamp[i] = info.ModTime().UnixNano()
		}
	}
	return stamp
}
