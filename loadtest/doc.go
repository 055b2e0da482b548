// Package loadtest is the crowd: thousands of HTTP visitors who come to an
// onsale as people do, and a verdict on whether everybody was treated fairly.
//
// A [Crowd] comes in a [Shape] (a spike at the opening, a ramp), at planned
// moments whatever the gateways' speed, and each visitor behaves by a [Mix]:
// waits and buys, opens a second tab, double-clicks, loses a reply and tries
// again, leaves, never comes back, comes back late. Every visitor knows only
// what HTTP told it; the [Origin], the shop behind the gateways, knows which
// requests got through. Both write it down as an [invariant.History].
//
//	visitor ──GET page──▶ gateway ──▶ POST join ──▶ status, now … ──▶ claim
//	   ▲                                                                │
//	   └──────────── leaves, completes ◀── Origin ◀── GET with admission┘
//
// [Judge] turns the violations, the losses and the crowd's own lateness into a
// [Verdict]. A crowd that could not keep its own plan proves nothing: its
// verdict is invalid, never clean.
package loadtest
