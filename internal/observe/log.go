// Package observe makes what an operator looks at: the log and the metrics.
//
// [NewLogger] and [NewRegistry] are called once, by the wiring, and their
// results are handed to whoever needs them; nothing here is global, and nothing
// runs in the background. Loggers and registries may be used by many goroutines
// at once. What is worth a line or a metric is for each part to decide.
package observe

import (
	"io"
	"log/slog"
)

// NewLogger makes the logger. Format "json" is for machines; every other is
// text for people: one line a record, the columns aligned.
func NewLogger(w io.Writer, level slog.Leveler, format string) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(newTextHandler(w, level))
}
