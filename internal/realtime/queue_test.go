package realtime

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestQueueIsASlice compares the ring with two slices: what was written, and
// what waits.
func TestQueueIsASlice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var written, waiting []Item
		next := Mark(1)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "do") {
			case 0, 1:
				it := Item{Frame: &Frame{Mark: next, Body: make([]byte, rapid.IntRange(0, 9).Draw(t, "length"))}}
				next++
				q.push(it)
				waiting = append(waiting, it)
			case 2:
				into := make([]Item, rapid.IntRange(0, 5).Draw(t, "room"))
				n := q.take(into)
				if n != min(len(into), len(waiting)) || !slices.Equal(into[:n], waiting[:n]) {
					t.Fatalf("took %v, want the first of %v", into[:n], waiting)
				}
				written, waiting = append(written, waiting[:n]...), waiting[n:]
			case 3:
				if len(written) > 0 {
					q.pop()
					written = written[1:]
				}
			}
			check(t, &q, written, waiting)
		}
	})
}

func check(t *rapid.T, q *queue, written, waiting []Item) {
	weight := 0
	for _, it := range waiting {
		weight += it.weight()
	}
	if q.size != len(written)+len(waiting) || q.written != len(written) || q.waiting() != len(waiting) || q.weight != weight {
		t.Fatalf("size %d, written %d, weight %d; want %d and %d items of %d", q.size, q.written, q.weight, len(written), len(waiting), weight)
	}
	for i, want := range append(slices.Clone(written), waiting...) {
		if *q.at(i) != want {
			t.Fatalf("item %d is %v, want %v", i, *q.at(i), want)
		}
	}
	kept := 0
	for _, it := range q.ring {
		if it.Frame != nil {
			kept++
		}
	}
	if kept != q.size {
		t.Fatalf("the ring keeps %d items alive, want %d", kept, q.size)
	}
	if q.size == 0 && len(q.ring) > keepRing {
		t.Fatalf("an empty queue keeps room for %d", len(q.ring))
	}
}

func TestWhatIsNotWrittenIsInherited(t *testing.T) {
	t.Parallel()
	a, b, c := &Subscription{ID: "a"}, &Subscription{ID: "b"}, &Subscription{ID: "c"}
	var q queue
	for _, sub := range []*Subscription{a, a, b, nil, a} {
		q.push(Item{Subscription: sub, Frame: &Frame{}})
	}
	q.take(make([]Item, 1))
	q.inherit(a, c)
	for i, want := range []*Subscription{a, c, b, nil, c} {
		if got := q.at(i).Subscription; got != want {
			t.Errorf("item %d is of %v, want %v", i, got, want)
		}
	}
}
