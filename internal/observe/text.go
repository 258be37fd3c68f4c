package observe

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// textHandler writes records as people read them:
//
//	2026-11-22 17:38:05.123 INFO   request                   method=GET path=/v1/users status=200
//
// A value of several lines, such as a stack, follows below its record, each line
// behind a bar, so that nothing a stranger sends can pass for a record.
type textHandler struct {
	level  slog.Leveler
	prefix string // of the groups that are open, each with its dot
	attrs  []byte // those of With, already written out
	blocks []byte // those of With that take several lines
	out    *output
}

// output is shared by a handler and all that were made from it.
type output struct {
	mu sync.Mutex
	w  io.Writer
}

const (
	timeLayout   = "2006-01-02 15:04:05.000"
	messageWidth = 24 // where the attributes begin, for messages that leave them room
)

func newTextHandler(w io.Writer, level slog.Leveler) *textHandler {
	return &textHandler{level: level, out: &output{w: w}}
}

func (h *textHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	line := record{prefix: h.prefix}
	if !r.Time.IsZero() {
		line.text.WriteString(r.Time.Format(timeLayout))
		line.text.WriteByte(' ')
	}
	fmt.Fprintf(&line.text, "%-6s %-*s", r.Level, messageWidth, escaped(r.Message))
	line.text.Write(h.attrs)
	line.blocks.Write(h.blocks)
	r.Attrs(func(a slog.Attr) bool {
		line.add(a)
		return true
	})
	whole := append(bytes.TrimRight(line.text.Bytes(), " "), '\n')
	whole = append(whole, line.blocks.Bytes()...)

	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := h.out.w.Write(whole)
	return err
}

func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	line := record{prefix: h.prefix}
	for _, a := range attrs {
		line.add(a)
	}
	with := *h
	with.attrs = append(bytes.Clone(h.attrs), line.text.Bytes()...)
	with.blocks = append(bytes.Clone(h.blocks), line.blocks.Bytes()...)
	return &with
}

func (h *textHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.prefix += name + "."
	return &with
}

// record is one line in the making, and what goes below it.
type record struct {
	prefix string
	text   bytes.Buffer
	blocks bytes.Buffer
}

func (r *record) add(a slog.Attr) {
	value := a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return
	}
	if value.Kind() == slog.KindGroup {
		r.addGroup(a.Key, value.Group())
		return
	}
	text := valueText(value)
	key := quotedIfNeeded(r.prefix + a.Key)
	if strings.Contains(text, "\n") {
		fmt.Fprintf(&r.blocks, "    %s\n", key)
		for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
			fmt.Fprintf(&r.blocks, "    | %s\n", escaped(line))
		}
		return
	}
	fmt.Fprintf(&r.text, " %s=%s", key, quotedIfNeeded(text))
}

func (r *record) addGroup(name string, attrs []slog.Attr) {
	outer := r.prefix
	if name != "" { // a group without a name is none, by the rules of slog
		r.prefix += name + "."
	}
	for _, a := range attrs {
		r.add(a)
	}
	r.prefix = outer
}

func valueText(v slog.Value) string {
	switch v.Kind() {
	case slog.KindTime:
		return v.Time().Format(time.RFC3339Nano)
	case slog.KindDuration:
		return rounded(v.Duration()).String()
	default:
		return v.String()
	}
}

// rounded leaves a duration three digits or so: nobody reads more.
func rounded(d time.Duration) time.Duration {
	for unit := time.Duration(1); unit < time.Second; unit *= 10 {
		if d.Abs() < 1000*unit {
			return d.Round(unit)
		}
	}
	return d.Round(time.Second / 10)
}

// quotedIfNeeded keeps key=value pairs apart from each other.
func quotedIfNeeded(text string) string {
	plain := func(r rune) bool {
		return r > ' ' && r != '"' && r != '=' && r != utf8.RuneError && unicode.IsPrint(r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return strconv.Quote(text)
}

// escaped makes control characters visible and leaves all else alone.
func escaped(text string) string {
	if strings.IndexFunc(text, unicode.IsControl) < 0 && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if r == '\t' {
			b.WriteString("    ")
		} else if unicode.IsControl(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
