package invariant

import "testing"

func TestControls(t *testing.T) {
	for _, st := range []story{
		{name: "nobody is named", more: []Event{Changed(At(s(5)), "cap", 3, "")},
			want: "I12: nobody is named for the change of cap to version 3 at 5.000 s"},
		{name: "two changes made one version", more: []Event{Changed(At(s(5)), "cap", 2, "key b")},
			want: "I12: key box-office's change of queue_all and key b's of cap both made version 2"},
		{name: "a version was lost and made again", more: []Event{Changed(At(s(5)), "cap", 4, "b"), Changed(At(s(6)), "rate", 3, "b")},
			want: "I12: version 3 (rate) was made at 6.000 s, after version 4 (cap) at 5.000 s"},
		{name: "changes at one time", more: []Event{Changed(between(5, 6), "cap", 4, "b"), Changed(between(5, 6), "rate", 3, "b")}},
		{name: "the room obeys an older version again",
			more: []Event{Ticked(At(s(6)), Room{Version: 2}), Ticked(At(s(7)), Room{Version: 1})},
			want: "I12: the room obeyed version 2 at 6.000 s and version 1 at 7.000 s"},
	} {
		t.Run(st.name, st.run)
	}
}
