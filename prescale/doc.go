// Package prescale decides how much capacity an onsale needs, and when.
//
//	registrations x show-up ─┐
//	pre-queue so far ────────┼─> Forecast ─> sessions at once ─> Plan ─> steps, cost, advice
//	past events like it ─────┘  (p50, p90)   (Little's law)
//
//	readings ─> Triggers ─> scale_up, scale_down of a named target
//
// Everything here is pure: evidence, readings and the time come in; a plan or
// an action comes out, and a named reason with it. A plan that makes no sense
// is refused by name ([Refusal]), never repaired.
//
// Nobody knows a public record of a ticket onsale's arrivals. The step at the
// opening is therefore a stated model ([Shape]) unless past events bring their
// own courses; what of the forecast could be tested on real traffic, package
// backtest tests.
package prescale
