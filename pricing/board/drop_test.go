package board

import "testing"

func TestNothingIsLeftOfAnEventThatIsDropped(t *testing.T) {
	h := newHouse()
	h.memories = map[string][]byte{}
	k := h.gateway()
	inForce(t, k, document, "")
	if err := k.Drop(t.Context(), "hamlet"); err != nil {
		t.Fatal(err)
	}
	if _, ok := k.Board("hamlet"); ok || len(ledger(t, k)) != 0 || h.memories["hamlet"] != nil {
		t.Errorf("board %t, ledger %v, memory %q; want nothing", ok, ledger(t, k), h.memories["hamlet"])
	}
	for says, gateway := range map[string]*Keeper{"this gateway": k, "one that starts anew": h.gateway()} {
		gateway.Round(t.Context())
		stands, err := gateway.Standing(t.Context(), "hamlet")
		if err != nil || stands.Rules != nil {
			t.Errorf("%s puts back %v, %v; want an event of the same name to begin without prices", says, stands.Rules, err)
		}
	}
}
