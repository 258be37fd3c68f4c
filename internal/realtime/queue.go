package realtime

// queue is a ring of items. Its front part has been written and waits for
// acknowledgement, the rest waits to be written.
type queue struct {
	ring []Item
	head int
	size int
	// written is how many items at the front have been written.
	written int
	// weight is that of the items not written.
	weight int
}

// keepRing is the capacity that an empty queue may keep.
const keepRing = 8

func (q *queue) at(i int) *Item { return &q.ring[(q.head+i)&(len(q.ring)-1)] }

func (q *queue) push(it Item) {
	if q.size == len(q.ring) {
		q.grow()
	}
	q.size++
	*q.at(q.size - 1) = it
	q.weight += it.weight()
}

func (q *queue) grow() {
	ring := make([]Item, max(keepRing, 2*len(q.ring)))
	for i := range q.size {
		ring[i] = *q.at(i)
	}
	q.ring, q.head = ring, 0
}

// pop drops the front item, which must have been written.
func (q *queue) pop() {
	*q.at(0) = Item{}
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.size--
	q.written--
	if q.size == 0 {
		q.head = 0
		if len(q.ring) > keepRing {
			q.ring = nil
		}
	}
}

// take copies up to len(into) items that wait to be written, marks them as
// written, and tells how many.
func (q *queue) take(into []Item) int {
	n := min(len(into), q.size-q.written)
	for i := range n {
		into[i] = *q.at(q.written + i)
		q.weight -= into[i].weight()
	}
	q.written += n
	return n
}

// waiting is the number of items not written.
func (q *queue) waiting() int { return q.size - q.written }

// inherit gives what has not been written to one listener to another.
func (q *queue) inherit(from, to *Subscription) {
	for i := q.written; i < q.size; i++ {
		if it := q.at(i); it.Subscription == from {
			it.Subscription = to
		}
	}
}
