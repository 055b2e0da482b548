package admission

import "encoding/binary"

// Visitor is one browser, or one account, within one event.
type Visitor = [16]byte

// Pass is a visitor's place, signed, in the visitor's own hands: whatever the
// store loses, the pass restores.
type Pass struct {
	Event        string // not in the encoding: the tag covers it and the cookie's name tells it
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

// passFixed is the size of a body without its last field, the line.
const passFixed = 8 + 16 + 3*8 + 4 + 2*2

// SealPass returns the cookie value of p. It panics when Event or Line is
// longer than 255 bytes; events allow 40 and 20.
func (k *Keys) SealPass(p Pass) string {
	if len(p.Line) > 255 {
		panic("admission: a line's name has at most 255 bytes")
	}
	var fixed [passFixed + 64]byte
	body := binary.BigEndian.AppendUint64(fixed[:0], p.Generation)
	body = append(body, p.Visitor[:]...)
	body = binary.BigEndian.AppendUint64(body, uint64(p.Order))
	body = binary.BigEndian.AppendUint64(body, uint64(p.Number))
	body = binary.BigEndian.AppendUint64(body, uint64(p.JoinedAt))
	body = binary.BigEndian.AppendUint32(body, p.PriceVersion)
	body = binary.BigEndian.AppendUint16(body, p.PromiseP50)
	body = binary.BigEndian.AppendUint16(body, p.PromiseP90)
	body = append(body, p.Line...)
	return k.passes.seal(p.Event, body)
}

// OpenPass returns the pass in a cookie of the given event. It refuses with
// ErrMalformed, ErrUnknownKey, ErrForged or ErrNewerSchema.
func (k *Keys) OpenPass(event, cookie string) (Pass, error) {
	desk := k.passes.take()
	defer k.passes.desk.Put(desk)
	body, err := k.passes.open(desk, event, cookie)
	if err != nil {
		return Pass{}, err
	}
	if len(body) < passFixed || len(body) > passFixed+255 {
		return Pass{}, ErrMalformed
	}
	return Pass{
		Event:        event,
		Generation:   binary.BigEndian.Uint64(body),
		Visitor:      Visitor(body[8:24]),
		Order:        int64(binary.BigEndian.Uint64(body[24:])),
		Number:       int64(binary.BigEndian.Uint64(body[32:])),
		JoinedAt:     int64(binary.BigEndian.Uint64(body[40:])),
		PriceVersion: binary.BigEndian.Uint32(body[48:]),
		PromiseP50:   binary.BigEndian.Uint16(body[52:]),
		PromiseP90:   binary.BigEndian.Uint16(body[54:]),
		Line:         string(body[passFixed:]),
	}, nil
}
