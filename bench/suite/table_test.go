package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const measured = `{"label":"purr","workload":"W3","n":500,"figures":{"cpu_s_per_million_messages":120,"messages_per_s":9000,"other_share":0.02}}
{"label":"purr","workload":"W3","n":500,"figures":{"cpu_s_per_million_messages":140,"messages_per_s":8000,"other_share":0.05}}
{"label":"purr","workload":"W3","n":500,"figures":{"cpu_s_per_million_messages":900,"messages_per_s":1000,"other_share":0.6}}
{"label":"floor","workload":"W3","n":500,"figures":{"cpu_s_per_million_messages":65,"messages_per_s":9000,"other_share":0.3}}
{"label":"floor","workload":"W3","n":500,"figures":{"cpu_s_per_million_messages":80,"messages_per_s":7000,"other_share":0.5}}
`

func printed(t *testing.T, results string) (string, error) {
	t.Helper()
	s := &suite{results: filepath.Join(t.TempDir(), "results.jsonl"), restarts: []float64{20, 40, 30}}
	if err := os.WriteFile(s.results, []byte(results), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err := s.print(&out)
	return out.String(), err
}

func TestDisturbedWindowsDoNotCount(t *testing.T) {
	text, err := printed(t, measured)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| W3 n=500 | CPU-seconds per million messages | 130 | 65.0 | 2.00 | 4 / 30 % |",
		"| start | restart to first answer, ms | 30.0 | | | |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
}

func TestWhatWentMissingIsAFailure(t *testing.T) {
	_, err := printed(t, `{"label":"purr","workload":"W5","n":5000,"figures":{"probe_missing":2}}`+"\n")
	if err == nil || !strings.Contains(err.Error(), "probe_missing") {
		t.Errorf("got %v", err)
	}
}
