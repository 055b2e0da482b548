// Package webhook is for scaling by an address of the operator's: what scales
// there is theirs. Each call is one signed JSON object; its answer says how far
// the order has come. docs/rush.md has the format for whoever writes the other
// side.
package webhook
