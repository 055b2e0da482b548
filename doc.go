// Package rushgate is the house itself: it has no code, only the test that
// keeps the drawing below true to the sources.
//
//	cmd/rushgate     the command line, and the wiring of everything below
//	web              what HTTP clients meet: gate, visitor routes, page,
//	                 organizer API, operations, upstreams
//	room             one event's live room as this gateway sees it
//	queue            the line: rules, in memory, and in Redis below queue/
//	admission        passes, admissions and keys; admission/verify for origins
//	event            what an organizer declares; event/catalog keeps it
//
// Beside it stand shop, a small honest ticket shop for the demo and the tests;
// loadtest, a crowd that knows Rushgate by HTTP alone; and invariant, which
// judges recorded histories and imports nothing of what it judges.
//
// Arrows point down only.
package rushgate
