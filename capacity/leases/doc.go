// Package leases carries the gateways' words about capacity to and fro. Once a second
// a [Keeper] leaves what this gateway sees of pools and rooms at the record that all
// share, decides if it is time and nobody else has, and keeps what was agreed where
// every room can read it with one atomic load.
//
//	Pools.Measure() --+
//	                  +--> Meet --> capacity.Decide --> Swap
//	Rooms.Rooms() ----+                                  |
//	                                                     v
//	room's tick <------- Keeper.Budget(event) <----- atomic pointer
//
// It decides nothing itself. When the store is silent what was last agreed stands.
package leases
