// Package simulate plays an onsale in a minute: what a rate, a cap or a share
// of no-shows would mean for the people who wait, before anybody waits.
//
// It is a discrete-event simulation around the room itself: a [queue.Memory]
// with a clock of its own, ticked every 250 ms of simulated time as gateways
// do. Who is called, who may come in and whose turn lapses is decided there and
// nowhere else. What is modelled is the people: when they come, how soon their
// page notices the turn, whether they come at all, and how long they shop.
//
//	Arrivals ──▶ Join ─┐                      ┌─▶ shop ──▶ Complete
//	                   ├─▶ queue.Memory ─▶ Claim
//	agenda ───▶ Leave ─┘       ▲               └─▶ late, at the door: Claim again
//	                           └── Tick, 250 ms
//
// A [Plan] may ask for many rooms at once ([WhatIf]); [Run] plays each of them
// to the crowd of the same seed, so that differences come from the room alone.
package simulate
