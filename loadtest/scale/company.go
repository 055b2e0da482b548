package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/bilten/rushgate/loadtest/process"
)

// company is the shop's instances, three in the operator's file and whoever joins.
type company struct {
	dir     string
	secret  string
	api     string // host:port of the organizer API, where instances announce themselves
	founded []*member
	joined  []*member
}

// member is an instance and its process.
type member struct {
	name, address string
	running       *process.Process
}

// openCompany starts the three.
func openCompany() (_ *company, err error) {
	c := &company{secret: rand.Text()}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if err := os.Setenv(secretVariable, c.secret); err != nil { // the instances inherit it
		return nil, err
	}
	if c.dir, err = os.MkdirTemp("", "scale"); err != nil {
		return nil, err
	}
	for i := range 3 {
		m := &member{name: fmt.Sprintf("shop-%d", i+1)}
		if m.address, err = process.FreeAddress(); err != nil {
			return nil, err
		}
		c.founded = append(c.founded, m)
		if err := c.start(m); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// start runs an instance, again if it has ended.
func (c *company) start(m *member, announce ...string) (err error) {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	m.running, err = process.Start(c.dir, m.name, self, append([]string{"-instance", m.address}, announce...)...)
	return err
}

// join starts one more, which announces itself.
func (c *company) join() error {
	address, err := process.FreeAddress()
	if err != nil {
		return err
	}
	m := &member{name: fmt.Sprintf("shop-%d", len(c.founded)+len(c.joined)+1), address: address}
	c.joined = append(c.joined, m)
	return c.start(m, "-announce", "http://"+c.api+"/v1/pools/shop/instances/"+m.name)
}

// slow makes every page of an instance take so long.
func (m *member) slow(ctx context.Context, by time.Duration) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+m.address+"/slow/"+by.String(), http.NoBody)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: time.Second}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

func (c *company) registerAt(api string) { c.api = api }

// pool is the operator's word on it.
func (c *company) pool() string {
	return fmt.Sprintf(`
    instances: ["http://%s", "http://%s", "http://%s"]
    sessions_per_instance: %d
    per_minute_per_instance: %d
    answer_timeout: 3s
    check: {interval: 1s, retry: 500ms, timeout: 1s, bad: 2, good: 2}
    balance: {slow_start: 3s}
    registration: {sha256: "%x", networks: [127.0.0.0/8], ttl: 4s}`,
		c.founded[0].address, c.founded[1].address, c.founded[2].address, sessions, perMinute, sha256.Sum256([]byte(c.secret)))
}

func (c *company) close() {
	for _, m := range append(c.founded, c.joined...) {
		if m.running != nil {
			m.running.Stop()
		}
	}
	_ = os.RemoveAll(c.dir)
}
