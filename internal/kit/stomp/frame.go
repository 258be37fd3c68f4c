package stomp

import "iter"

// Frame is one decoded frame. The zero value is ready for [Decoder.Decode],
// which overwrites it; keeping one Frame for many frames is what makes decoding
// free of allocations.
//
// Everything a Frame hands out as []byte aliases the decoded buffer. Strings
// are copies.
type Frame struct {
	// Command of the frame.
	Command Command
	// Body without the NUL octet that ends the frame. Never nil after a
	// successful Decode, and empty for most commands.
	Body []byte

	data    []byte
	spans   []span
	escaped bool // at least one header line holds an escape sequence
}

// span locates a header line in Frame.data: the name is [name, colon), the
// value (colon, end). Offsets instead of slices keep a Frame small and free of
// pointers for the collector to follow.
type span struct{ name, colon, end uint32 }

func (f *Frame) reset(data []byte) {
	f.Command, f.Body, f.data, f.spans, f.escaped = Invalid, nil, data, f.spans[:0], false
}

// Release drops the references to the decoded buffer and keeps what can be
// reused. Call it before letting a Frame idle for long.
func (f *Frame) Release() { f.reset(nil) }

// NumHeaders returns the number of header lines, repetitions included.
func (f *Frame) NumHeaders() int { return len(f.spans) }

// Header returns the value of the named header as it stands on the wire,
// escaped unless the frame is a CONNECT. It returns nil if there is no such
// header, and an empty slice that is not nil if its value is empty.
//
// Section "Repeated Header Entries": only the first entry counts.
//
// The name must be one that needs no escaping.
func (f *Frame) Header(name string) []byte {
	for _, s := range f.spans {
		if int(s.colon-s.name) == len(name) && string(f.data[s.name:s.colon]) == name {
			return f.data[s.colon+1 : s.end : s.end]
		}
	}
	return nil
}

// HeaderString returns the text of the named header, and whether there is such
// a header.
func (f *Frame) HeaderString(name string) (string, bool) {
	raw := f.Header(name)
	if raw == nil {
		return "", false
	}
	return f.text(raw), true
}

// RawHeaders yields names and values as they stand on the wire, in the order of
// the frame, repetitions included.
func (f *Frame) RawHeaders() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for _, s := range f.spans {
			if !yield(f.data[s.name:s.colon:s.colon], f.data[s.colon+1:s.end:s.end]) {
				return
			}
		}
	}
}

// Headers yields the text of names and values in the order of the frame, of
// repeated names only the first.
func (f *Frame) Headers() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for i, s := range f.spans {
			if f.repeats(i) {
				continue
			}
			if !yield(f.text(f.data[s.name:s.colon]), f.text(f.data[s.colon+1:s.end])) {
				return
			}
		}
	}
}

// repeats reports whether the i-th header has the name of an earlier one. Every
// text has exactly one escaped form, so that comparing wire forms is enough.
func (f *Frame) repeats(i int) bool {
	name := f.data[f.spans[i].name:f.spans[i].colon]
	for _, s := range f.spans[:i] {
		if string(f.data[s.name:s.colon]) == string(name) {
			return true
		}
	}
	return false
}

// text returns what a piece of a header line means in this frame.
func (f *Frame) text(raw []byte) string {
	if !f.escaped {
		return string(raw)
	}
	return Unescape(raw)
}
