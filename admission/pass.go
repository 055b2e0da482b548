package admission

// Visitor is one browser, or one account, within one event.
type Visitor = [16]byte

// Pass is a visitor's place, signed, in the visitor's own hands: whatever the
// store loses, the pass restores.
type Pass struct {
	Event        string // not in the encoding: the signature covers it, the cookie's name tells it
	Generation   uint64 // of the room that gave the place
	Line         string // at most 255 bytes
	Visitor      Visitor
	Order        int64 // decides; 0 while in the draw
	Number       int64 // informs; 0 while in the draw
	JoinedAt     int64 // unix ms by the store's clock
	PriceVersion uint32
	PromiseP50   uint16 // seconds of waiting promised on joining
	PromiseP90   uint16
}

// SealPass returns the cookie value of p. It panics when Line is longer than
// 255 bytes; events allow 20.
func (k *Keys) SealPass(p Pass) string { panic("not built") }

// OpenPass returns the pass in a cookie of the given event. It refuses with
// ErrMalformed, ErrUnknownKey, ErrForged or ErrNewerSchema.
func (k *Keys) OpenPass(event, cookie string) (Pass, error) { panic("not built") }
