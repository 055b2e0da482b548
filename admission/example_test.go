package admission_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/bilten/rushgate/admission"
)

// A pass holds a place and opens only for its own event.
func ExampleKeys_OpenPass() {
	keys, err := admission.Ephemeral("https://tickets.example")
	if err != nil {
		panic(err)
	}
	browser := admission.Browser{1, 2, 3} // random in earnest
	cookie := keys.SealPass(admission.Pass{
		Event: "summer-tour", Line: "general", Visitor: browser.Visitor("summer-tour"), Order: 1234, Number: 1234,
	})

	pass, err := keys.OpenPass("summer-tour", cookie)
	fmt.Println(pass.Line, pass.Number, err)
	_, err = keys.OpenPass("winter-tour", cookie)
	fmt.Println(err)
	// Output:
	// general 1234 <nil>
	// credential refused: forged
}

// An admission holds for one event and for its time; a commit route adds grace.
func ExampleKeys_Verify() {
	keys, err := admission.Ephemeral("https://tickets.example")
	if err != nil {
		panic(err)
	}
	const now, minute = 1_803_891_600_000, 60_000
	token, err := keys.Sign(admission.Admission{
		Event: "summer-tour", Organization: "acme", Generation: 0xfeed, Session: 17, IssuedAt: now, Ends: now + 5*minute,
		Prices: map[string]int64{"seated": 12900},
	})
	if err != nil {
		panic(err)
	}

	want := admission.Want{Event: "summer-tour", Organization: "acme", Now: now + minute}
	a, err := keys.Verify(token, want)
	fmt.Println(a.Prices["seated"], err)

	want.Now = now + 6*minute
	_, err = keys.Verify(token, want)
	fmt.Println(errors.Is(err, admission.ErrExpired))

	want.Grace = 15 * time.Minute
	a, err = keys.Verify(token, want)
	fmt.Println(a.Prices["seated"], err)
	// Output:
	// 12900 <nil>
	// true
	// 12900 <nil>
}

// A new key verifies everywhere before it signs anywhere.
func ExampleKeyFile_Promote() {
	file, err := admission.GenerateKeys(admission.EdDSA)
	if err != nil {
		panic(err)
	}
	file, id, err := file.AddPass()
	if err != nil {
		panic(err)
	}
	fmt.Println("signs after add:", file.Pass[0].ID == id)
	// Every gateway loads the file; then:
	file, err = file.Promote(id)
	if err != nil {
		panic(err)
	}
	fmt.Println("signs after promote:", file.Pass[0].ID == id)
	fmt.Println(file.Pass[0].Secret)
	// Output:
	// signs after add: false
	// signs after promote: true
	// (secret)
}
