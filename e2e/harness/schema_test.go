package harness

import "testing"

func TestNormalize(t *testing.T) {
	t.Parallel()
	schema := Schema{IgnoredNames: []string{"seq"}}.Knowing(map[string]string{"1234567890123": "alice"})
	row := Row{
		"id": int64(9876543210987), "user_id": int64(1234567890123), "seq": int64(7), "count": int64(3), "hidden": false,
		"payload": `{"seq":7,"user":1234567890123,"link":"/messages/5555555555555.relay","at":"2024-05-01T10:00:00.123Z","list":[1,null]}`,
	}
	want := `{"count":"3","hidden":false,"id":"\u003cnumber\u003e",` +
		`"payload":{"at":"\u003ctime\u003e","link":"/messages/\u003cnumber\u003e.relay","list":["1",null],"user":"\u003calice\u003e"},` +
		`"user_id":"\u003calice\u003e"}`
	if got := schema.normalize(row); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDumpMinus(t *testing.T) {
	t.Parallel()
	before := Dump{"a": {"x", "x"}, "b": {"y"}}
	after := Dump{"a": {"x", "z", "x", "x"}, "b": {"y"}}
	if got, want := after.Minus(before).String(), "a: x\na: z\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	sent := Frame{Command: "SEND", Headers: map[string]string{"destination": "/a:b\\c\nd", "receipt": "r"}, Body: "{}"}
	read, ok, err := decodeFrame(sent.Encode())
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if read.Headers["destination"] != sent.Headers["destination"] || read.Body != sent.Body || read.Headers["content-length"] != "2" {
		t.Errorf("read %+v", read)
	}
	if _, ok, err := decodeFrame("\n"); ok || err != nil {
		t.Errorf("a heart-beat was read as a frame: %v", err)
	}
	for _, broken := range []string{"SEND\n\n", "SEND\na\n\n\x00"} {
		if _, _, err := decodeFrame(broken); err == nil {
			t.Errorf("%q was read", broken)
		}
	}
}
