package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// result is a line that load has written.
type result struct {
	Label    string             `json:"label"`
	Workload string             `json:"workload"`
	N        int                `json:"n"`
	Figures  map[string]float64 `json:"figures"`
}

// shows are the figures worth showing of a workload.
type shows struct {
	workload string
	figures  []figure
}

// figure is the name of a figure and what it means.
type figure struct{ name, words string }

// table is what is shown, in this order.
var table = []shows{
	{"W1", []figure{
		{"cpu_s_per_million_deliveries", "CPU-seconds per million deliveries"},
		{"deliveries_per_s", "deliveries a second"},
		{"memory_mb", "resident memory, MiB"},
	}},
	{"W3", []figure{
		{"cpu_s_per_million_messages", "CPU-seconds per million messages"},
		{"messages_per_s", "messages a second"},
		{"ack_p50_ms", "median time to the acknowledgement, ms"},
	}},
	{"W6", []figure{
		{"cpu_s_per_million_messages", "CPU-seconds per million messages"},
		{"messages_per_s", "messages a second"},
		{"ack_p50_ms", "median time to the answer, ms"},
	}},
	{"W2", []figure{
		{"kb_per_session", "KiB a session"},
		{"idle_cpu_percent", "percent of a core while nothing happens"},
		{"connect_cpu_ms", "CPU-milliseconds to set up a session"},
	}},
	{"W5", []figure{
		{"live_s", "seconds until everybody is back"},
		{"reconnect_cpu_ms", "CPU-milliseconds to bring a session back"},
	}},
}

// faults are figures that must be zero.
var faults = []string{"errors", "lost_sessions", "undelivered", "failed_tries", "probe_missing"}

// print writes the table. It fails where something went missing.
func (s *suite) print(out io.Writer) error {
	results, err := readResults(s.results)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s, %s/%s, %d processors; the ratio is Purr to the floor; others is the share of the machine that neither of them nor load used.\n\n",
		time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Fprintln(out, "| Workload | Figure | Purr | Floor | Ratio | Others |\n|---|---|---:|---:|---:|---:|")
	for _, own := range []struct {
		words  string
		values []float64
	}{
		{"first start to first answer, ms", s.firstStarts}, {"restart to first answer, ms", s.restarts},
		{"resident memory with nobody there, MiB", s.idleMemory},
	} {
		fmt.Fprintf(out, "| start | %s | %s | | | |\n", own.words, shown(median(own.values)))
	}
	for _, of := range table {
		for _, n := range sizes(results, of.workload) {
			ours, theirs := quiet(results, purr, of.workload, n), quiet(results, floor, of.workload, n)
			others := fmt.Sprintf("%.0f / %.0f %%", 100*middle(ours, othersShare), 100*middle(theirs, othersShare))
			for _, f := range of.figures {
				fmt.Fprintf(out, "| %s n=%d | %s | %s | %s | %s | %s |\n", of.workload, n, f.words,
					shown(middle(ours, f.name)), shown(middle(theirs, f.name)), ratio(middle(ours, f.name), middle(theirs, f.name)), others)
			}
		}
	}
	var wrong []string
	for _, r := range results {
		for _, name := range faults {
			if v := r.Figures[name]; v != 0 {
				wrong = append(wrong, fmt.Sprintf("%s %s n=%d: %s: %v", r.Label, r.Workload, r.N, name, v))
			}
		}
		if load := r.Figures["load_share"]; r.Figures["deliveries_per_s"] > 0 && load > 0.45 && load > r.Figures["server_share"] {
			fmt.Fprintf(out, "\nNote: in %s n=%d the generator had no room beside %s; its throughput says nothing.\n", r.Workload, r.N, r.Label)
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("something went missing:\n%s", strings.Join(wrong, "\n"))
	}
	fmt.Fprintln(out, "\nNothing failed, was lost or went missing.")
	return nil
}

func readResults(file string) (list []result, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		var r result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// sizes are the numbers of clients that a workload was run with.
func sizes(results []result, workload string) (list []int) {
	for _, r := range results {
		if r.Workload == workload && !slices.Contains(list, r.N) {
			list = append(list, r.N)
		}
	}
	return list
}

// othersShare is the figure that tells how much of the machine others used.
const othersShare = "other_share"

// calm is what others may use without a window counting as disturbed.
const calm = 0.1

// quiet are the windows in which others used little or, where there is none, the
// one in which they used the least.
func quiet(results []result, label, workload string, n int) (list []result) {
	var least *result
	for i := range results {
		r := &results[i]
		if r.Label != label || r.Workload != workload || r.N != n {
			continue
		}
		if r.Figures[othersShare] <= calm {
			list = append(list, *r)
		}
		if least == nil || r.Figures[othersShare] < least.Figures[othersShare] {
			least = r
		}
	}
	if list == nil && least != nil {
		list = []result{*least}
	}
	return list
}

// middle is the median of a figure.
func middle(windows []result, name string) float64 {
	var list []float64
	for _, r := range windows {
		list = append(list, r.Figures[name])
	}
	return median(list)
}

func ratio(ours, theirs float64) string {
	if theirs == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", ours/theirs)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func shown(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
