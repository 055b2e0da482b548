// Package board publishes prices: one record for each event, which gateways keep
// together through an accord, and a [Board] in each gateway's memory from which
// requests are answered.
//
//	draft -> approve -> look (once a period, whoever comes first) -> version -> Board
//
// A version is what was published at one time: a price and a range for each tier.
// Its number is in the pass of everybody who joins, and leads back to what they
// were shown. So versions outlive their store: each gateway remembers the record
// it last saw, also on disk if it has [Memories], and puts back what a store has
// lost. Numbers are never below the seconds of the store's clock, so that one that
// was lost by all is not given again.
//
// Everything that is published or done by hand is an [Entry] of the ledger,
// written in the same step.
package board
