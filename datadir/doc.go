// Package datadir is for the few small files that a gateway keeps for its own
// next start: each is replaced as a whole or stays as it was, and a full or
// broken disk costs nothing but the file that was not written.
package datadir
