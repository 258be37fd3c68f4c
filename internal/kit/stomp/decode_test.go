package stomp_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/kit/stomp"
)

// decoded is a frame in a form that cmp can show.
type decoded struct {
	Command string
	Headers [][2]string
	Body    string
}

func show(f *stomp.Frame) decoded {
	d := decoded{Command: f.Command.String(), Body: string(f.Body)}
	for name, value := range f.Headers() {
		d.Headers = append(d.Headers, [2]string{name, value})
	}
	return d
}

// decodeAll returns every frame in data and the error that ended it, io.EOF if
// all is well.
func decodeAll(d stomp.Decoder, data string) ([]decoded, error) {
	var (
		f      stomp.Frame
		frames []decoded
		rest   = []byte(data)
		err    error
	)
	for {
		if rest, err = d.Decode(&f, rest); err != nil {
			return frames, err
		}
		frames = append(frames, show(&f))
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		data string
		want []decoded
	}{
		"LF line ends": {
			"SEND\ndestination:/a\n\nhi\x00",
			[]decoded{{"SEND", [][2]string{{"destination", "/a"}}, "hi"}},
		},
		"CRLF line ends": {
			"SEND\r\ndestination:/a\r\n\r\nhi\x00",
			[]decoded{{"SEND", [][2]string{{"destination", "/a"}}, "hi"}},
		},
		"no headers": {"COMMIT\n\n\x00", []decoded{{"COMMIT", nil, ""}}},
		"empty value, blanks kept": {
			"SEND\na:\nb: x \n\n\x00",
			[]decoded{{"SEND", [][2]string{{"a", ""}, {"b", " x "}}, ""}},
		},
		"split at the first colon": {
			"SEND\na:b:c\n\n\x00",
			[]decoded{{"SEND", [][2]string{{"a", "b:c"}}, ""}},
		},
		"first of repeated headers": {
			"SEND\na:1\na:2\nb:3\n\n\x00",
			[]decoded{{"SEND", [][2]string{{"a", "1"}, {"b", "3"}}, ""}},
		},
		"escapes": {
			`SEND` + "\n" + `a\cb:\r\n\c\\n` + "\n\n\x00",
			[]decoded{{"SEND", [][2]string{{"a:b", "\r\n:\\n"}}, ""}},
		},
		"CONNECT is not escaped": {
			`CONNECT` + "\n" + `StompX-User:a\tb:x\` + "\n\n\x00",
			[]decoded{{"CONNECT", [][2]string{{"StompX-User", `a\tb:x\`}}, ""}},
		},
		"STOMP is not escaped": {
			`STOMP` + "\n" + `a:\c` + "\n\n\x00",
			[]decoded{{"STOMP", [][2]string{{"a", `\c`}}, ""}},
		},
		"UTF-8": {
			"CONNECT\nStompX-User:münchen 😀\n\n\x00",
			[]decoded{{"CONNECT", [][2]string{{"StompX-User", "münchen 😀"}}, ""}},
		},
		"content-length covers NUL": {
			"SEND\ncontent-length:3\n\na\x00b\x00",
			[]decoded{{"SEND", [][2]string{{"content-length", "3"}}, "a\x00b"}},
		},
		"first content-length counts": {
			"SEND\ncontent-length:1\ncontent-length:9\n\na\x00",
			[]decoded{{"SEND", [][2]string{{"content-length", "1"}}, "a"}},
		},
		"content-length 0 without body": {
			"ACK\ncontent-length:0\n\n\x00",
			[]decoded{{"ACK", [][2]string{{"content-length", "0"}}, ""}},
		},
		"several frames, end-of-lines between": {
			"\n\r\nSEND\n\na\x00\n\r\nBEGIN\n\n\x00ABORT\n\n\x00\n",
			[]decoded{{"SEND", nil, "a"}, {"BEGIN", nil, ""}, {"ABORT", nil, ""}},
		},
		"heart-beat":         {"\n", nil},
		"heart-beat, twice":  {"\n\n", nil},
		"heart-beat of CRLF": {"\r\n", nil},
		"empty":              {"", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeAll(stomp.NewDecoder(1<<10), tt.data)
			if !errors.Is(err, io.EOF) {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeEveryClientCommand(t *testing.T) {
	t.Parallel()
	names := strings.Fields("CONNECT STOMP SEND SUBSCRIBE UNSUBSCRIBE ACK NACK BEGIN COMMIT ABORT DISCONNECT")
	for _, name := range names {
		got, err := decodeAll(stomp.NewDecoder(100), name+"\n\n\x00")
		if !errors.Is(err, io.EOF) || len(got) != 1 || got[0].Command != name {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200)
	tests := map[string]struct {
		data string
		want error
	}{
		"unknown command":            {"PING\n\n\x00", stomp.ErrCommand},
		"command in lower case":      {"send\n\n\x00", stomp.ErrCommand},
		"command with blank":         {"SEND \n\n\x00", stomp.ErrCommand},
		"command of a server":        {"MESSAGE\n\n\x00", stomp.ErrCommand},
		"endless command":            {long, stomp.ErrCommand},
		"NUL alone":                  {"\x00\n", stomp.ErrCommand},
		"no colon":                   {"SEND\nabc\n\n\x00", stomp.ErrHeader},
		"empty name":                 {"SEND\n:abc\n\n\x00", stomp.ErrHeader},
		"not UTF-8":                  {"SEND\na:\xff\n\n\x00", stomp.ErrHeader},
		"NUL in header":              {"SEND\na:\x00\n\n\x00", stomp.ErrHeader},
		"no blank line":              {"SEND\na:b\x00", stomp.ErrHeader},
		"carriage return in value":   {"SEND\na:b\rc\n\n\x00", stomp.ErrHeader},
		"carriage return twice":      {"SEND\na:b\r\r\n\n\x00", stomp.ErrHeader},
		"undefined escape":           {"SEND\na:\\t\n\n\x00", stomp.ErrEscape},
		"undefined escape in name":   {"SEND\na\\t:b\n\n\x00", stomp.ErrEscape},
		"escape at the end":          {"SEND\na:\\\n\n\x00", stomp.ErrEscape},
		"content-length too short":   {"SEND\ncontent-length:1\n\nab\x00", stomp.ErrContentLength},
		"content-length no number":   {"SEND\ncontent-length:x\n\nab\x00", stomp.ErrContentLength},
		"content-length empty":       {"SEND\ncontent-length:\n\nab\x00", stomp.ErrContentLength},
		"content-length negative":    {"SEND\ncontent-length:-1\n\nab\x00", stomp.ErrContentLength},
		"content-length overflows":   {"SEND\ncontent-length:99999999999999999999\n\nab\x00", stomp.ErrContentLength},
		"content-length over limit":  {"SEND\ncontent-length:300000000\n\nab\x00", stomp.ErrTooLarge},
		"content-length too long":    {"SEND\ncontent-length:3\n\nab\x00", stomp.ErrPartial},
		"body where none is allowed": {"SUBSCRIBE\n\nab\x00", stomp.ErrBody},
		"body over limit":            {"SEND\n\n" + long + "\x00", stomp.ErrTooLarge},
		"headers over limit":         {"SEND\na:" + long[:120] + "\n\n\x00", stomp.ErrTooLarge},
		"too many headers":           {"SEND\n" + strings.Repeat("a:b\n", 5) + "\n\x00", stomp.ErrTooLarge},
		"ends in command":            {"SEN", stomp.ErrPartial},
		"ends in header":             {"SEND\na:b", stomp.ErrPartial},
		"ends before blank line":     {"SEND\na:b\n", stomp.ErrPartial},
		"ends in body":               {"SEND\n\nab", stomp.ErrPartial},
		"ends in an end-of-line":     {"\r", stomp.ErrPartial},
	}
	d := stomp.Decoder{MaxFrame: 150, MaxHeader: 100, MaxHeaders: 4}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeAll(d, tt.data)
			if !errors.Is(err, tt.want) || len(got) != 0 {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

func TestDecodeLimitsAreExact(t *testing.T) {
	t.Parallel()
	const frame = "SEND\na:b\n\nbody\x00"
	const header = len("SEND\na:b\n\n")
	exact := stomp.Decoder{MaxFrame: len(frame), MaxHeader: header, MaxHeaders: 1}
	for _, data := range []string{frame, "SEND\ncontent-length:5\n\n12345\x00"} {
		d := exact
		d.MaxFrame = len(data)
		d.MaxHeader = strings.Index(data, "\n\n") + 2
		if _, err := decodeAll(d, data); !errors.Is(err, io.EOF) {
			t.Errorf("at the limit: %v", err)
		}
		d.MaxFrame--
		if _, err := decodeAll(d, data); !errors.Is(err, stomp.ErrTooLarge) {
			t.Errorf("over MaxFrame: %v", err)
		}
		d.MaxFrame++
		d.MaxHeader--
		if _, err := decodeAll(d, data); !errors.Is(err, stomp.ErrTooLarge) {
			t.Errorf("over MaxHeader: %v", err)
		}
	}
}

func TestFrameHeader(t *testing.T) {
	t.Parallel()
	var f stomp.Frame
	d := stomp.NewDecoder(100)
	if _, err := d.Decode(&f, []byte("SEND\na:x\\cy\nempty:\na:z\n\n\x00")); err != nil {
		t.Fatal(err)
	}
	if got := f.Header("a"); string(got) != `x\cy` {
		t.Errorf("Header(a) = %q", got)
	}
	if got, ok := f.HeaderString("a"); got != "x:y" || !ok {
		t.Errorf("HeaderString(a) = %q, %v", got, ok)
	}
	if got := f.Header("empty"); got == nil || len(got) != 0 {
		t.Errorf("Header(empty) = %#v", got)
	}
	if got := f.Header("b"); got != nil {
		t.Errorf("Header(b) = %q", got)
	}
	if got, ok := f.HeaderString("b"); got != "" || ok {
		t.Errorf("HeaderString(b) = %q, %v", got, ok)
	}
	var raw []string
	for name, value := range f.RawHeaders() {
		raw = append(raw, string(name)+":"+string(value))
	}
	if diff := cmp.Diff([]string{`a:x\cy`, "empty:", "a:z"}, raw); diff != "" {
		t.Error(diff)
	}
	if f.NumHeaders() != 3 {
		t.Errorf("NumHeaders = %d", f.NumHeaders())
	}
	f.Release()
	if f.NumHeaders() != 0 || f.Header("a") != nil {
		t.Error("released frame has headers")
	}
}

func TestDecodeAck(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"ACK\nid:ack-31\nsubscription:subscription-id-51c9\n\n\x00": true,
		"ACK\nid:\nsubscription:\n\n\x00":                           true,
		"ACK\nid:1\nsubscription:2\n\n\x00\n":                       false,
		"ACK\nid:1\nsubscription:2\n\n\x00ACK\nid:3\n\n\x00":        false,
		"ACK\nid:1\nsubscription:2\nx:y\n\n\x00":                    false,
		"ACK\nid:1\nsubscription:\\c\n\n\x00":                       false,
		"ACK\nid:1\\t\nsubscription:2\n\n\x00":                      false,
		"ACK\r\nid:1\r\nsubscription:2\r\n\r\n\x00":                 false,
		"ACK\nsubscription:2\nid:1\n\n\x00":                         false,
		"ACK\nid:1\n\n\x00":                                         false,
		"NACK\nid:1\nsubscription:2\n\n\x00":                        false,
		"ACK\nid:\n\n\x00":                                          false,
		"":                                                          false,
	}
	d := stomp.NewDecoder(1 << 10)
	for data, want := range tests {
		if _, _, ok := d.DecodeAck([]byte(data)); ok != want {
			t.Errorf("%q: %v", data, ok)
		}
		checkAck(t, d, []byte(data))
	}
}

// checkAck holds the short cut against the long way.
func checkAck(t *testing.T, d stomp.Decoder, data []byte) {
	t.Helper()
	id, subscription, ok := d.DecodeAck(data)
	if !ok {
		return
	}
	var f stomp.Frame
	rest, err := d.Decode(&f, data)
	if err != nil || len(rest) != 0 || f.Command != stomp.Ack || f.NumHeaders() != 2 {
		t.Fatalf("%q: short cut taken, but %v, rest %q, %v", data, show(&f), rest, err)
	}
	if !bytes.Equal(id, f.Header("id")) || !bytes.Equal(subscription, f.Header("subscription")) {
		t.Fatalf("%q: id %q, subscription %q", data, id, subscription)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("SEND\ndestination:/a\ncontent-length:2\n\nhi\x00\nACK\nid:1\nsubscription:2\n\n\x00"))
	f.Add([]byte("ACK\nid:ack-31\nsubscription:subscription-id-51c9\n\n\x00"))
	f.Add([]byte("CONNECT\r\naccept-version:1.2\r\n\r\n\x00"))
	f.Add([]byte("SEND\ncontent-length:999999999\n\n"))
	f.Add([]byte(`SUBSCRIBE` + "\n" + `a:\c\\\n\r` + "\n\n\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := stomp.NewDecoder(1 << 16)
		checkAck(t, d, data)
		checkAssembler(t, d, data)
		var frame stomp.Frame
		rest := data
		for {
			var err error
			if rest, err = d.Decode(&frame, rest); err != nil {
				break
			}
			checkReencoded(t, d, &frame)
		}
	})
}

// checkReencoded encodes what was decoded and expects the same again.
func checkReencoded(t *testing.T, d stomp.Decoder, f *stomp.Frame) {
	t.Helper()
	if f.Command == stomp.Connect || f.Command == stomp.Stomp || f.Header("content-length") != nil {
		return
	}
	want := show(f)
	data := stomp.AppendCommand(nil, f.Command)
	for name, value := range f.Headers() {
		data = stomp.AppendHeader(data, name, value)
	}
	data = append(append(stomp.AppendBlank(data), f.Body...), 0)
	d.MaxFrame, d.MaxHeader = 2*d.MaxFrame, 2*d.MaxHeader
	var again stomp.Frame
	if rest, err := d.Decode(&again, data); err != nil || len(rest) != 0 {
		t.Fatalf("%q: rest %q, %v", data, rest, err)
	}
	if diff := cmp.Diff(want, show(&again)); diff != "" {
		t.Fatal(diff)
	}
}

// checkAssembler cuts data into pieces and expects the frames of the whole.
func checkAssembler(t *testing.T, d stomp.Decoder, data []byte) {
	t.Helper()
	want, wantErr := decodeAll(d, string(data))
	for _, size := range []int{1, 3, 7, len(data) + 1} {
		got, pending, err := assemble(d, data, size)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("pieces of %d: %s", size, diff)
		}
		// A partial frame is no error of the assembler, and an error in one
		// may be found only when the rest has come.
		switch fine := errors.Is(wantErr, io.EOF) || errors.Is(wantErr, stomp.ErrPartial); {
		case fine && err != nil, !fine && err == nil && pending == 0:
			t.Fatalf("pieces of %d: %v, want %v", size, err, wantErr)
		}
	}
}

func assemble(d stomp.Decoder, data []byte, size int) (frames []decoded, pending int, err error) {
	a := stomp.Assembler{Decoder: d}
	var f stomp.Frame
	for len(data) > 0 {
		n := min(size, len(data))
		piece := bytes.Clone(data[:n])
		data = data[n:]
		a.Feed(piece)
		for {
			err := a.Next(&f)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return frames, a.Pending(), err
			}
			frames = append(frames, show(&f))
		}
		clear(piece)
	}
	return frames, a.Pending(), nil
}
