// Package rush is the order in which an event is made ready for its onsale, and
// the way back after it:
//
//	armed -> prescale -> enable_queue -> activate_pricing -> up
//	up -> deactivate_pricing -> restore_queue -> scale_down -> over
//
// It is all decisions: [Decide] says what is to be done next and by whom,
// [Finish] what came of it, [Apply] what an organizer's command does. A [State]
// is one small record that gateways swap, so a step is claimed before it is done,
// by one gateway and for a time, and taken over from a gateway that dies in it.
// Nothing here reads a clock or reaches anything.
//
// Whatever happens to the capacity, the queue is on before the first visitor may
// join: from [Margin] before that moment on, enable_queue waits for nothing.
package rush
