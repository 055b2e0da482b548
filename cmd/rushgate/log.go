package main

import (
	"io"
	"log/slog"
)

// newLog writes to w as the operator's file says, which has been validated.
func newLog(w io.Writer, l Log) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.Level))
	options := &slog.HandlerOptions{Level: level}
	if l.Format == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
