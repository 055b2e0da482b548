// Package room is an event's waiting room as one gateway sees it. It ticks the
// store a few times a second and keeps what came back where every request can
// read it: a poll costs one atomic load and no question to anybody.
//
//	catalog --revision--> Keeper --one loop per event--> Store.Tick
//	                         |                               |
//	    Lookup(host, path)   |                          Snapshot, newView
//	                         v                               |
//	request ------------>  Room.View() <---- atomic ---------+
//	                       Room.Do() ------> queue.Batcher --> Store.Apply
//
// A gateway decides nothing about the line: the store does. It only knows when
// it does not know: then the room's mode is [Hold].
package room
