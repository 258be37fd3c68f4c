package main

import "math/bits"

// hist is a log-linear histogram of durations: 64 linear buckets per power of
// two of nanoseconds, so that a quantile is off by 1.6 % at most.
type hist struct {
	n     [64 * 64]int64
	count int64
	max   int64
}

func bucket(ns int64) int {
	if ns < 64 {
		return int(max(ns, 0))
	}
	e := bits.Len64(uint64(ns)) - 7
	return e*64 + int(ns>>uint(e))
}

// middle is the duration in the middle of a bucket.
func middle(bucket int) int64 {
	if bucket < 128 {
		return int64(bucket)
	}
	e := bucket/64 - 1
	return (int64(bucket-e*64) << uint(e)) + int64(1)<<uint(e)/2
}

func (h *hist) add(ns int64) {
	h.n[min(bucket(ns), len(h.n)-1)]++
	h.count++
	h.max = max(h.max, ns)
}

func (h *hist) merge(o *hist) {
	for i, v := range o.n {
		h.n[i] += v
	}
	h.count += o.count
	h.max = max(h.max, o.max)
}

func (h *hist) reset() { *h = hist{} }

// quantile is in milliseconds.
func (h *hist) quantile(q float64) float64 {
	if h.count == 0 {
		return 0
	}
	want := min(int64(q*float64(h.count)), h.count-1)
	var seen int64
	for i, v := range h.n {
		if seen += v; seen > want {
			return float64(min(middle(i), h.max)) / 1e6
		}
	}
	return h.maximum()
}

// maximum is in milliseconds.
func (h *hist) maximum() float64 { return float64(h.max) / 1e6 }
