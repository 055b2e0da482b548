package admission

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"slices"
	"sync"
)

// An envelope is what a cookie holds:
//
//	version 1 | key id 4 | body | tag 16
//
// in unpadded base64url. The tag is HMAC-SHA256, cut to 16 bytes, over a
// context of at most 255 bytes (its length first) and everything before the
// tag. This frame stays the same in all versions; a version is a new body.
const (
	envelopeVersion = 1
	keyIDSize       = 4
	envelopeHead    = 1 + keyIDSize
	tagSize         = 16
	maxEnvelope     = 512 // characters; the longest pass has 443
)

// Strict refuses trailing bits, but even so the decoder skips line breaks.
var envelopeText = base64.RawURLEncoding.Strict()

type keyID [keyIDSize]byte

type macKey struct {
	id     keyID
	secret []byte
}

// sealer makes and opens the envelopes of one purpose. The first key seals.
type sealer struct {
	keys []macKey
	desk sync.Pool // of *desk
}

// desk is where one envelope is worked on: keyed hashes are dear to make, and
// whatever is given to a hash.Hash would otherwise be allocated.
type desk struct {
	hashes  []hash.Hash // by key
	text    []byte
	message []byte // what the tag covers, then the tag
	sum     []byte
}

func newSealer(keys []macKey) *sealer {
	s := &sealer{keys: keys}
	s.desk.New = func() any {
		d := &desk{
			text:    make([]byte, 0, maxEnvelope),
			message: make([]byte, 0, maxEnvelope),
			sum:     make([]byte, 0, sha256.Size),
		}
		for _, k := range keys {
			d.hashes = append(d.hashes, hmac.New(sha256.New, k.secret))
		}
		return d
	}
	return s
}

func (s *sealer) take() *desk { return s.desk.Get().(*desk) }

// seal returns the envelope of a body. It panics when context is too long.
func (s *sealer) seal(context string, body []byte) string {
	d := s.take()
	defer s.desk.Put(d)
	start := d.begin(context)
	d.message = append(d.message, envelopeVersion)
	d.message = append(d.message, s.keys[0].id[:]...)
	d.message = append(d.message, body...)
	d.message = append(d.message, d.tag(0, d.message)...)
	d.text = envelopeText.AppendEncode(d.text[:0], d.message[start:])
	return string(d.text)
}

// open returns the body in an envelope; it lies on the desk and is gone when
// the desk is put back. A newer version is told only of a genuine envelope:
// nobody can make a gateway believe that it is outdated.
func (s *sealer) open(d *desk, context, text string) ([]byte, error) {
	if len(text) > maxEnvelope || len(context) > 255 {
		return nil, ErrMalformed
	}
	start := d.begin(context)
	d.text = append(d.text[:0], text...)
	message, err := envelopeText.AppendDecode(d.message, d.text)
	size := len(message) - start
	if err != nil || size < envelopeHead+tagSize || envelopeText.EncodedLen(size) != len(text) {
		return nil, ErrMalformed
	}
	d.message = message
	head, end := message[start:], len(message)-tagSize
	key := slices.IndexFunc(s.keys, func(k macKey) bool { return k.id == keyID(head[1:]) })
	switch {
	case head[0] < envelopeVersion:
		return nil, ErrMalformed
	case key < 0:
		return nil, ErrUnknownKey
	case !hmac.Equal(d.tag(key, message[:end]), message[end:]):
		return nil, ErrForged
	case head[0] > envelopeVersion:
		return nil, ErrNewerSchema
	}
	return message[start+envelopeHead : end], nil
}

// begin starts a message with its context and returns where the envelope
// starts in it.
func (d *desk) begin(context string) int {
	if len(context) > 255 {
		panic("admission: an event id has at most 255 bytes")
	}
	d.message = append(d.message[:0], byte(len(context)))
	d.message = append(d.message, context...)
	return len(d.message)
}

func (d *desk) tag(key int, message []byte) []byte {
	h := d.hashes[key]
	h.Reset()
	h.Write(message) // a hash never fails
	d.sum = h.Sum(d.sum[:0])
	return d.sum[:tagSize]
}
