package main

import (
	"net"
	"os"
	"strconv"
)

// Listeners are the three doors: visitors, organizers, operators. They never
// share a port, so that what is not meant for visitors can be kept inside.
type Listeners struct {
	Gateway Listener `yaml:"gateway"`
	API     Listener `yaml:"api"`
	Ops     Listener `yaml:"ops"`
}

// Listener is an address and how it speaks.
type Listener struct {
	Address string `yaml:"address" help:"host:port; an empty host listens everywhere. Only the gateway does so unasked."`
	TLS     TLS    `yaml:"tls"`
}

// TLS names PEM files; both or none. They are read again when they change and
// on SIGHUP.
type TLS struct {
	Cert string `yaml:"cert" help:"PEM file of the certificate chain; read again when it changes and on SIGHUP. Empty: plain HTTP, behind a balancer that ends TLS."`
	Key  string `yaml:"key" help:"PEM file of the certificate's key."`
}

func (t TLS) on() bool { return t.Cert != "" }

func (c Config) validateListeners(p *problems) {
	taken := map[string]string{}
	for _, l := range []struct {
		field string
		Listener
	}{
		{"listeners.gateway", c.Listeners.Gateway},
		{"listeners.api", c.Listeners.API},
		{"listeners.ops", c.Listeners.Ops},
	} {
		_, port, err := net.SplitHostPort(l.Address)
		number, numberErr := strconv.ParseUint(port, 10, 16)
		switch {
		case err != nil || numberErr != nil:
			p.add(l.field+".address", l.Address, "must be host:port, such as 127.0.0.1:8081 or :8080")
		case number != 0 && taken[l.Address] != "":
			p.add(l.field+".address", l.Address, "is the address of "+taken[l.Address]+" too")
		default:
			taken[l.Address] = l.field
		}
		c.validateTLS(p, l.field+".tls", l.TLS)
	}
}

func (c Config) validateTLS(p *problems, field string, t TLS) {
	if (t.Cert == "") != (t.Key == "") {
		p.add(field, t.Cert+t.Key, "needs both cert and key")
		return
	}
	if !t.on() {
		return
	}
	p.readable(field+".cert", c.beside(t.Cert))
	p.readable(field+".key", c.beside(t.Key))
}

// readable reports a file that cannot be opened for reading.
func (p *problems) readable(field, file string) {
	f, err := os.Open(file)
	if err != nil {
		p.add(field, file, "cannot be read: "+plainPathError(err))
		return
	}
	_ = f.Close()
}
