package stomp

import "bytes"

// DecodeAck recognises a message that is exactly one ACK frame in the shape
// that clients in the field send a million times:
//
//	ACK
//	id:ID
//	subscription:SUBSCRIPTION
//
//	^@
//
// with headers in this order and free of escapes. It returns their values,
// which alias message. If ok is false nothing is said of the message and
// [Decoder.Decode] has to read it; if ok is true Decode would have found the
// same.
func (d *Decoder) DecodeAck(message []byte) (id, subscription []byte, ok bool) {
	const (
		head = "ACK\nid:"
		next = "\nsubscription:"
		tail = "\n\n\x00"
	)
	last := len(message) - len(tail)
	if last < len(head) || d.Server || d.MaxHeaders < 2 || len(message) > min(d.MaxHeader, d.MaxFrame) {
		return nil, nil, false
	}
	if string(message[:len(head)]) != head || string(message[last:]) != tail {
		return nil, nil, false
	}
	values := message[len(head):last:last]
	n := bytes.IndexByte(values, '\n')
	if n < 0 || len(values) < n+len(next) || string(values[n:n+len(next)]) != next {
		return nil, nil, false
	}
	id, subscription = values[:n:n], values[n+len(next):]
	if !plainBytes(id) || !plainBytes(subscription) {
		return nil, nil, false
	}
	return id, subscription, true
}
