package websocket_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/kit/websocket"
)

const maxMessage = 100_000

// frame encodes a masked client frame, octet by octet and by the book.
func frame(first byte, payload string) string {
	b := []byte{first}
	switch n := len(payload); {
	case n <= 125:
		b = append(b, 0x80|byte(n))
	case n <= 0xFFFF:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	mask := [4]byte{0x37, 0xFA, 0x21, 0x3D}
	b = append(b, mask[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i%4])
	}
	return string(b)
}

const (
	fin  = 0x80
	cont = 0x0
	text = 0x1
	bin  = 0x2
	stop = 0x8
	ping = 0x9
	pong = 0xA
)

// readAll reads everything and returns it as a list, the error last.
func readAll(conn io.Reader, early []byte) []string {
	var got []string
	r := websocket.NewReader(conn, early, websocket.ReaderOptions{
		MaxMessage: maxMessage,
		Buffers:    new(websocket.Buffers),
		Ping: func(payload []byte) error {
			got = append(got, "ping "+string(payload))
			if string(payload) == "fail" {
				return io.ErrShortWrite
			}
			return nil
		},
	})
	defer r.Release()
	for {
		op, payload, err := r.ReadMessage()
		if closed := new(websocket.CloseError); errors.As(err, &closed) {
			return append(got, fmt.Sprintf("close %d %s %v", closed.Code, closed.Reason, closed.Peer))
		}
		if err != nil {
			return append(got, err.Error())
		}
		got = append(got, fmt.Sprintf("%d %s", op, payload))
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	const eof = "websocket: read: EOF"
	long, longer := strings.Repeat("ä", 4000), strings.Repeat("0123456789", 9000)
	tests := map[string]struct {
		data string
		want []string
	}{
		"text":          {frame(fin|text, "hi"), []string{"1 hi", eof}},
		"binary":        {frame(fin|bin, "\xff\x00"), []string{"2 \xff\x00", eof}},
		"empty":         {frame(fin|text, ""), []string{"1 ", eof}},
		"several":       {frame(fin|text, "a") + frame(fin|bin, "b") + frame(fin|text, "c"), []string{"1 a", "2 b", "1 c", eof}},
		"16 bit length": {frame(fin|text, long), []string{"1 " + long, eof}},
		"64 bit length": {frame(fin|text, longer), []string{"1 " + longer, eof}},
		"fragments": {
			frame(text, "a") + frame(cont, "") + frame(cont, longer[:9999]) + frame(fin|cont, "z") + frame(fin|text, "next"),
			[]string{"1 a" + longer[:9999] + "z", "1 next", eof},
		},
		"character across fragments": {
			frame(text, "\xf0\x9f") + frame(fin|cont, "\x98\x80"), []string{"1 😀", eof},
		},
		"ping between fragments": {
			frame(bin, "a") + frame(fin|ping, "p") + frame(fin|pong, "q") + frame(fin|cont, "b"),
			[]string{"ping p", "2 ab", eof},
		},
		"ping function fails":  {frame(fin|ping, "fail"), []string{"ping fail", "websocket: answer ping: short write"}},
		"close":                {frame(fin|stop, "\x03\xe8bye") + "rest", []string{"close 1000 bye true"}},
		"close without code":   {frame(fin|stop, ""), []string{"close 1005  true"}},
		"close of application": {frame(fin|stop, "\x0f\xa0"), []string{"close 4000  true"}},
		"close between":        {frame(text, "a") + frame(fin|stop, "\x03\xe9"), []string{"close 1001  true"}},

		"close of one octet":      {frame(fin|stop, "x"), []string{"close 1002 close frame is malformed false"}},
		"close code reserved":     {frame(fin|stop, "\x03\xed"), []string{"close 1002 close code is invalid false"}},
		"close code out of range": {frame(fin|stop, "\x13\x88"), []string{"close 1002 close code is invalid false"}},
		"close reason not UTF-8":  {frame(fin|stop, "\x03\xe8\xff"), []string{"close 1007 close reason is not UTF-8 false"}},
		"text not UTF-8":          {frame(fin|text, "\xc3"), []string{"close 1007 text is not UTF-8 false"}},
		"reserved bit":            {frame(fin|0x40|text, ""), []string{"close 1002 reserved bits are set false"}},
		"unknown opcode":          {frame(fin|3, ""), []string{"close 1002 unknown opcode false"}},
		"unknown control":         {frame(fin|0xB, ""), []string{"close 1002 unknown opcode false"}},
		"not masked":              {"\x81\x01a", []string{"close 1002 frame is not masked false"}},
		"fragmented ping":         {frame(ping, ""), []string{"close 1002 control frame is fragmented or too long false"}},
		"long ping": {
			frame(fin|ping, long[:126]), []string{"close 1002 control frame is fragmented or too long false"},
		},
		"nothing to continue":       {frame(fin|cont, ""), []string{"close 1002 nothing to continue false"}},
		"message in message":        {frame(text, "") + frame(fin|text, ""), []string{"close 1002 message within a message false"}},
		"length not shortest":       {"\x81\xfe\x00\x01....a", []string{"close 1002 payload length is malformed false"}},
		"length not shortest 64":    {"\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff....", []string{"close 1002 payload length is malformed false"}},
		"length with top bit":       {"\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00....", []string{"close 1002 payload length is malformed false"}},
		"too big":                   {frame(fin|text, longer+longer[:10001]), []string{"close 1009 message is too big false"}},
		"too big together":          {frame(text, longer) + frame(cont, longer[:10001]), []string{"close 1009 message is too big false"}},
		"just not too big":          {frame(fin|text, longer+longer[:10000]), []string{"1 " + longer + longer[:10000], eof}},
		"just not too big together": {frame(text, longer) + frame(fin|cont, longer[:10000]), []string{"1 " + longer + longer[:10000], eof}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := func(how string, conn io.Reader, early []byte) {
				t.Helper()
				if diff := cmp.Diff(tt.want, readAll(conn, early)); diff != "" {
					t.Errorf("%s: %s", how, diff)
				}
			}
			check("at once", strings.NewReader(tt.data), nil)
			check("octet by octet", iotest.OneByteReader(strings.NewReader(tt.data)), nil)
			check("with early EOF", iotest.DataErrReader(strings.NewReader(tt.data)), nil)
			check("early", strings.NewReader(""), []byte(tt.data))
			half := len(tt.data) / 2
			check("half early", strings.NewReader(tt.data[half:]), []byte(tt.data[:half]))
		})
	}
}

// Messages of every size around the sizes of the buffers, back to back.
func TestReaderBufferEdges(t *testing.T) {
	t.Parallel()
	var data strings.Builder
	var want []string
	for _, middle := range []int{0, 125, 352, 8 << 10, 64 << 10} {
		for n := max(0, middle-12); n < middle+12; n++ {
			payload := strings.Repeat("x", n)
			data.WriteString(frame(fin|text, payload) + frame(fin|text, "-"))
			want = append(want, "1 "+payload, "1 -")
		}
	}
	want = append(want, "websocket: read: EOF")
	for _, size := range []int{1, 351, 352, 353, 8191, 8192, 8193, 1 << 20} {
		got := readAll(&pieces{data: data.String(), size: size}, nil)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("pieces of %d: %s", size, diff)
		}
	}
}

// pieces returns at most size octets a read, and counts the reads.
type pieces struct {
	data  string
	size  int
	reads int
}

func (p *pieces) Read(b []byte) (int, error) {
	p.reads++
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.size)], p.data)
	p.data = p.data[n:]
	return n, nil
}

func TestReaderReadsManyFramesAtOnce(t *testing.T) {
	t.Parallel()
	conn := &pieces{data: strings.Repeat(frame(fin|text, "0123456789"), 1000), size: 1 << 20}
	if got := len(readAll(conn, nil)); got != 1001 {
		t.Fatalf("%d messages", got)
	}
	if conn.reads > 6 {
		t.Errorf("%d reads for 16 KB", conn.reads)
	}
}

func TestReaderSize(t *testing.T) {
	t.Parallel()
	if size := reflect.TypeFor[websocket.Reader]().Size(); size > 512 {
		t.Errorf("an idle reader takes %d octets", size)
	}
}

// A header that promises much must not cost much.
func TestReaderDoesNotTrustLengths(t *testing.T) {
	t.Parallel()
	promise := []byte{fin | bin, 0x80 | 127, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4, 'x'}
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		buffers := new(websocket.Buffers)
		for b.Loop() {
			r := websocket.NewReader(bytes.NewReader(promise), nil,
				websocket.ReaderOptions{MaxMessage: 1 << 31, Buffers: buffers})
			if _, _, err := r.ReadMessage(); !errors.Is(err, io.EOF) {
				b.Fatal(err)
			}
			r.Release()
		}
	}).AllocedBytesPerOp()
	if allocated > 64<<10 {
		t.Errorf("%d octets allocated for a promise of 1 GiB", allocated)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(frame(fin|text, "hello") + frame(text, "a") + frame(fin|ping, "p") + frame(fin|cont, "b")))
	f.Add([]byte(frame(fin|bin, strings.Repeat("x", 9000)) + frame(fin|stop, "\x03\xe8bye")))
	f.Add([]byte("\x81\xff\x00\x00\x00\x00\x40\x00\x00\x00\x01\x02\x03\x04x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		want := readAll(bytes.NewReader(data), nil)
		for _, size := range []int{1, 5, 400} {
			if diff := cmp.Diff(want, readAll(&pieces{data: string(data), size: size}, nil)); diff != "" {
				t.Fatalf("pieces of %d: %s", size, diff)
			}
		}
		if diff := cmp.Diff(want, readAll(strings.NewReader(""), bytes.Clone(data))); diff != "" {
			t.Fatalf("early: %s", diff)
		}
	})
}

// endless repeats data for ever.
type endless struct {
	data []byte
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		c := copy(p[n:], e.data[e.at:])
		n += c
		e.at = (e.at + c) % len(e.data)
	}
	return n, nil
}

func BenchmarkReader(b *testing.B) {
	for _, size := range []int{20, 120, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			var data strings.Builder
			for range 500 {
				data.WriteString(frame(fin|text, strings.Repeat("x", size)))
			}
			r := websocket.NewReader(&endless{data: []byte(data.String())}, nil,
				websocket.ReaderOptions{MaxMessage: maxMessage, Buffers: new(websocket.Buffers)})
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, payload, err := r.ReadMessage(); err != nil || len(payload) != size {
					b.Fatal(err)
				}
			}
		})
	}
}
