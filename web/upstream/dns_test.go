package upstream

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"
)

// nameServer answers SRV questions over UDP, as a real one does.
type nameServer struct {
	conn net.PacketConn

	mu      sync.Mutex
	records []dnsmessage.SRVResource
	code    dnsmessage.RCode
	silent  bool
}

func newNameServer(t *testing.T) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{conn: conn}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for buffer := make([]byte, 1500); ; {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			var question dnsmessage.Message
			if question.Unpack(buffer[:n]) != nil {
				continue
			}
			if answer := s.answer(question); answer != nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return s
}

func (s *nameServer) answer(m dnsmessage.Message) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silent {
		return nil
	}
	m.Response, m.RCode, m.Additionals = true, s.code, nil
	for _, r := range s.records {
		m.Answers = append(m.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeSRV, Class: dnsmessage.ClassINET},
			Body:   &r,
		})
	}
	packed, err := m.Pack()
	if err != nil {
		return nil
	}
	return packed
}

func (s *nameServer) says(code dnsmessage.RCode, silent bool, records ...dnsmessage.SRVResource) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code, s.silent, s.records = code, silent, records
}

func srv(target string, port, priority, weight uint16) dnsmessage.SRVResource {
	return dnsmessage.SRVResource{Target: dnsmessage.MustNewName(target), Port: port, Priority: priority, Weight: weight}
}

func TestDNSIsFollowedAndFailuresChangeNothing(t *testing.T) {
	server := newNameServer(t)
	server.says(dnsmessage.RCodeSuccess, false, srv("b.shop.internal.", 8080, 1, 5), srv("a.shop.internal.", 8080, 1, 0), srv("spare.shop.internal.", 80, 9, 1))
	d := DNS{
		Name: "_http._tcp.shop.internal.", Interval: 5 * time.Millisecond, Timeout: 300 * time.Millisecond,
		Resolver: ResolverAt(server.conn.LocalAddr().String()),
	}
	ctx, stop := context.WithCancel(t.Context())
	words := make(chan Told)
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Watch(ctx, func(told Told) {
			select {
			case words <- told:
			case <-ctx.Done():
			}
		})
	}()
	t.Cleanup(func() { stop(); <-done })

	want := Told{Instances: []Found{
		{ID: "a.shop.internal:8080", Address: "http://a.shop.internal:8080"},
		{ID: "b.shop.internal:8080", Address: "http://b.shop.internal:8080", Weight: 5},
	}}
	if diff := cmp.Diff(want, <-words); diff != "" {
		t.Errorf("those of the lowest priority, in a fixed order (-want +got)\n%s", diff)
	}

	for _, trouble := range []struct {
		says   string
		code   dnsmessage.RCode
		silent bool
	}{
		{"the resolver fails", dnsmessage.RCodeServerFailure, false},
		{"the name is gone", dnsmessage.RCodeNameError, false},
		{"no records", dnsmessage.RCodeSuccess, false},
		{"no answer", dnsmessage.RCodeSuccess, true},
	} {
		<-words // one that may have been under way
		server.says(trouble.code, trouble.silent)
		if found, err := d.withDefaults().lookUp(t.Context()); err == nil {
			t.Errorf("%s: found %v; want an error", trouble.says, found)
		}
		server.says(dnsmessage.RCodeSuccess, false, srv("a.shop.internal.", 8080, 1, 0))
		for told := range words {
			if len(told.Instances) == 0 {
				t.Fatalf("%s: nobody is left; want those that were known", trouble.says)
			}
			if len(told.Instances) == 1 { // it goes on
				break
			}
		}
	}
}
