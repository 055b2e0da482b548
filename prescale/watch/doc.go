// Package watch asks for the metrics every 15 seconds, judges the triggers by
// them, and has targets scaled by the verdicts. One gateway does it each time,
// whoever comes first; all know what came of it.
package watch
