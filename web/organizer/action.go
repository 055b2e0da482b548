package organizer

// action is a control that an organizer can turn with one call. Each sets
// fields to fixed values, so repeating one changes nothing more.
type action struct {
	name  string
	patch string // JSON merge patch of the event
}

// actions are the turns of the control table. release-all is apart: it must
// name the number waiting.
var actions = []action{
	{"suspend", `{"room":{"suspended":true}}`}, // the line drains at its rate, then the room is off
	{"resume", `{"room":{"suspended":false,"released":false}}`},
	{"pause", `{"room":{"paused":true}}`},
	{"unpause", `{"room":{"paused":false}}`},
	{"queue-all", `{"room":{"queue_all":true}}`},
	{"unqueue", `{"room":{"queue_all":false}}`},
	{"close", `{"room":{"closed":true}}`},
	{"reopen", `{"room":{"closed":false}}`},
	{"reject", `{"room":{"queueing_method":"reject"}}`},
	{"sold-out", `{"room":{"availability":"sold_out"}}`},
	{"on-sale", `{"room":{"availability":"available"}}`},
	{"accept", `{"room":{"queueing_method":"fifo"}}`},
}

const releasePatch = `{"room":{"suspended":true,"released":true}}`

// namesTheLine says whether whoever lets the line go knows how long it is: the
// number they name is within a tenth of the live one.
func namesTheLine(named, live int64) bool {
	off := max(named-live, live-named)
	return named >= 0 && off*10 <= live
}
