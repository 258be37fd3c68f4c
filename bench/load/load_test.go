package main

import (
	"math"
	"testing"
)

func TestFanOutIsWhatTheSDKDoes(t *testing.T) {
	for _, split := range []bool{false, true} {
		s, server := newStub(t, split)
		m := measured(t, server, "-workload", "W1", "-n", "6", "-window", "4")[0].Figures
		// Ten topics of the user, the channel and seven of its topics, the
		// error queue, and four relays.
		if got, want := s.subscribed.Load(), int64(6*(10+8+1+4)); got != want {
			t.Errorf("%d subscriptions, the SDK makes %d", got, want)
		}
		if m["deliveries_per_s"] == 0 || m["errors"] != 0 || m["undelivered"] != 0 || m["lost_sessions"] != 0 {
			t.Errorf("split %t: %v", split, m)
		}
		if ratio := m["deliveries_per_s"] / m["messages_per_s"]; math.Abs(ratio-6) > 1 {
			t.Errorf("%.2f deliveries for a message to six", ratio)
		}
		if sent, acked := s.delivered.Load(), s.acked.Load(); acked == 0 || sent-acked > 7*5 {
			t.Errorf("%d events, %d of them acknowledged", sent, acked)
		}
	}
}

func TestPairsAndRooms(t *testing.T) {
	s, server := newStub(t, true)
	for _, workload := range [][]string{
		{"-workload", "W3", "-n", "3"},
		{"-workload", "W3", "-n", "3", "-rate", "100"},
		{"-workload", "W4", "-n", "4", "-rooms", "3", "-members", "2", "-window", "8"},
	} {
		if m := measured(t, server, workload...)[0].Figures; m["messages_per_s"] == 0 || m["errors"] != 0 {
			t.Errorf("%v: %v", workload, m)
		}
	}
	if len(s.channels) != 3+3+3 {
		t.Errorf("%d channels", len(s.channels))
	}
}

func TestTheStormComesBackAsItWas(t *testing.T) {
	s, server := newStub(t, false)
	m := measured(t, server, "-workload", "W5", "-n", "20")[0].Figures
	if m["probe_missing"] != 0 || m["failed_tries"] != 0 || s.resumed.Load() != 20 {
		t.Errorf("%d came back: %v", s.resumed.Load(), m)
	}
}

func TestOnlyThisMachine(t *testing.T) {
	for address, want := range map[string]bool{
		"ws://127.0.0.9:1/": true, "ws://[::1]:1/": true, "ws://localhost/": true, "ws://10.0.0.1/": false, "ws://example.org/": false,
	} {
		if got := onThisMachine(address) == nil; got != want {
			t.Errorf("%s: %t", address, got)
		}
	}
}

func TestQuantiles(t *testing.T) {
	var h hist
	for i := range int64(100_000) {
		h.add(i * 1000)
	}
	for _, q := range []float64{.5, .95, .99} {
		if got, want := h.quantile(q), q*100; math.Abs(got-want) > want/50 {
			t.Errorf("%v of it is %v ms, not about %v", q, got, want)
		}
	}
}
