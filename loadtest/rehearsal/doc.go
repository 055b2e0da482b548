// Package rehearsal lets a team try an onsale before the day: a crowd comes to a
// deployment over HTTP, as a [Plan] says, and a [Report] tells an organizer and
// an engineer whether everybody was treated as promised, and how it felt.
//
//	plan.yaml ──▶ Plan ──▶ loadtest.Crowd ──▶ History ──▶ verdict ─┐
//	                            │                                  ├─▶ Report ──▶ terminal, JSON, HTML
//	                            └──▶ Figures ──────────────────────┘
//
// The crowd needs no more than a gateway's address, an event's id and a path: it
// sees what visitors see. What nobody can see from outside is not judged, and the
// report says so by name.
package rehearsal
