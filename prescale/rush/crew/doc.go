// Package crew does what package rush decides: it meets the other gateways at
// each event's record, claims the step that is due, does it, and notes what came
// of it. Any gateway can carry on with what another began.
//
//	Meet -> rush.Decide -> Swap (the claim) -> do -> rush.Finish -> Swap
//
// What is needed of a target is agreed on in a record of its own, so that two
// onsales on one shop add up and an order that comes late is known for one.
package crew
