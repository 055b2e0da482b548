// Package organizer is the API by which organizers declare their events and
// steer the rooms in the sale hour. It has a listener of its own.
//
// A key sees one organization. Events of any other answer exactly as if they
// did not exist. Changes are compare-and-set on the event's version, carry the
// key's name and an optional reason into the event's log, and are stored before
// they are answered; every gateway follows within a second.
package organizer
