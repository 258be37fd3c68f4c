package observe_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/purrchat/purr/internal/observe"
)

// text logs once and gives back the record without its time.
func text(t *testing.T, log func(*slog.Logger)) string {
	t.Helper()
	var b bytes.Buffer
	log(observe.NewLogger(&b, slog.LevelInfo, "text"))
	const stamp = "2006-01-02 15:04:05.000 "
	if b.Len() < len(stamp) {
		return b.String()
	}
	if _, err := time.Parse(stamp, b.String()[:len(stamp)]); err != nil {
		t.Fatalf("no time in front: %q", b.String())
	}
	return b.String()[len(stamp):]
}

func TestTextIsOneAlignedLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		log  func(*slog.Logger)
		want string
	}{
		{"plain", func(l *slog.Logger) { l.Info("ready") },
			"INFO   ready\n"},
		{"attributes", func(l *slog.Logger) {
			l.Warn("request", "method", "GET", "status", 200, "took", 1234567*time.Nanosecond)
		},
			"WARN   request                  method=GET status=200 took=1.23ms\n"},
		{"quoted", func(l *slog.Logger) { l.Info("m", "name", "a b", "empty", "", "equal", "a=b", "umlaut", "ä😀") },
			"INFO   m                        name=\"a b\" empty=\"\" equal=\"a=b\" umlaut=ä😀\n"},
		{"groups", func(l *slog.Logger) {
			l.With("node", 1).WithGroup("g").With("a", 1).Info("m", slog.Group("h", "b", 2), "c", 3)
		}, "INFO   m                        node=1 g.a=1 g.h.b=2 g.c=3\n"},
		{"error", func(l *slog.Logger) { l.Error("failed", "error", errors.New("no disk")) },
			"ERROR  failed                   error=\"no disk\"\n"},
		{"long message", func(l *slog.Logger) { l.Info("a message longer than its column", "a", 1) },
			"INFO   a message longer than its column a=1\n"},
		{"below the level", func(l *slog.Logger) { l.Debug("m") }, ""},
		{"several lines", func(l *slog.Logger) { l.Error("panic", "stack", "one\n\ttwo\n", "a", 1) },
			"ERROR  panic                    a=1\n    stack\n    | one\n    |     two\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, text(t, c.log)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNothingSentByAStrangerPassesForARecord(t *testing.T) {
	t.Parallel()
	const forged = "x\n2026-01-01 00:00:00.000 ERROR  forged\r\x1b[31m"
	got := text(t, func(l *slog.Logger) { l.With("a"+forged, 1).Info(forged, "name", forged) })
	for i, line := range strings.Split(strings.TrimRight(got, "\n"), "\n") {
		if i > 0 && !strings.HasPrefix(line, "    ") {
			t.Errorf("line %d begins like a record: %q", i, line)
		}
		if strings.ContainsAny(line, "\r\x1b") {
			t.Errorf("line %d holds control characters: %q", i, line)
		}
	}
}

func TestJSONIsForMachines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	observe.NewLogger(&b, slog.LevelInfo, "json").Info("ready", "a", 1)
	if !strings.HasPrefix(b.String(), "{") || !strings.Contains(b.String(), `"a":1`) {
		t.Errorf("%q", b.String())
	}
}

func TestTextHandlerKeepsTheRulesOfSlog(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	err := slogtest.TestHandler(observe.NewLogger(&b, slog.LevelInfo, "text").Handler(), func() []map[string]any {
		var all []map[string]any
		for line := range strings.Lines(b.String()) {
			all = append(all, parse(line))
		}
		return all
	})
	if err != nil {
		t.Error(err)
	}
}

// parse reads a line of the text handler back, well enough for slogtest.
func parse(line string) map[string]any {
	all := map[string]any{}
	fields := strings.Fields(line)
	if len(fields) > 2 && strings.HasPrefix(fields[0], "20") {
		all[slog.TimeKey] = fields[0] + " " + fields[1]
		fields = fields[2:]
	}
	all[slog.LevelKey] = fields[0]
	all[slog.MessageKey] = fields[1]
	for _, field := range fields[1:] {
		key, value, isAttr := strings.Cut(field, "=")
		if !isAttr {
			continue
		}
		path := strings.Split(key, ".")
		group := all
		for _, name := range path[:len(path)-1] {
			if group[name] == nil {
				group[name] = map[string]any{}
			}
			group = group[name].(map[string]any)
		}
		group[path[len(path)-1]] = value
	}
	return all
}

func TestRecordsOfManyGoroutinesDoNotMix(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log := observe.NewLogger(&b, slog.LevelInfo, "text")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				log.With("a", 1).Info("m", "b", 2)
			}
		})
	}
	wg.Wait()
	for line := range strings.Lines(b.String()) {
		if !strings.HasSuffix(line, "a=1 b=2\n") {
			t.Fatalf("%q", line)
		}
	}
}

func TestTheRegistryServesItsMetricsAndKnowsBadNames(t *testing.T) {
	t.Parallel()
	registry := observe.NewRegistry("v1.2.3")
	if bad, err := registry.BadNames(); err != nil || len(bad) > 0 {
		t.Errorf("bad names of its own: %v, %v", bad, err)
	}
	registry.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "messages_total", Help: "Nameless."}))
	bad, err := registry.BadNames()
	if diff := cmp.Diff([]string{"messages_total"}, bad); diff != "" || err != nil {
		t.Error(diff, err)
	}

	answer := httptest.NewRecorder()
	registry.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{`purr_build_info{version="v1.2.3"} 1`, "go_goroutines", "process_"} {
		if !strings.Contains(answer.Body.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}
