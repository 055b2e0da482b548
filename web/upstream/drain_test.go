package upstream

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestWhenADrainIsOverItsWebSocketsAreToldAndOthersStay(t *testing.T) {
	drained, other := echoShop(t), echoShop(t)
	p := newPool(t, Config{Instances: []string{other.URL, drained.URL}, Balance: Balance{Drain: 50 * time.Millisecond}})
	run(t, p)
	gateway := newGateway(t, p, Exchange{})
	_, leaving, _ := dialUpgrade(t, gateway) // the second instance has the first turn
	conn, staying, _ := dialUpgrade(t, gateway)

	p.roll.hear(0, Told{
		Instances: []Found{{Address: other.URL}, {Address: drained.URL}},
		Drained:   []string{strings.TrimPrefix(drained.URL, "http://")},
	})
	if rest, err := io.ReadAll(leaving); !bytes.Equal(rest, goingAway) || err != nil {
		t.Errorf("on the drained instance: %x, %v; want %x and the end", rest, err, goingAway)
	}
	if _, err := io.WriteString(conn, "ping"); err != nil {
		t.Fatal(err)
	}
	echo := make([]byte, 4)
	if _, err := io.ReadFull(staying, echo); err != nil || string(echo) != "ping" {
		t.Errorf("on the other one: %q, %v; want it to go on", echo, err)
	}
	if answer, _ := ask(t, request(t, http.MethodGet, gateway.URL, nil), gateway); answer.StatusCode != http.StatusOK {
		t.Errorf("new requests: %d; want the other one to serve them", answer.StatusCode)
	}
}
