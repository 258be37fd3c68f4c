package stomp_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/purrchat/purr/internal/kit/stomp"
)

func TestAppendFrames(t *testing.T) {
	t.Parallel()
	message := stomp.AppendMessageHeader(nil, &stomp.MessageFrame{
		Destination: "/topic/a:b", Subscription: "s-1", ID: "m-1", Ack: "a-1", ReceiptID: "r-1",
		ContentType: "application/json", ContentLength: 2,
	})
	tests := map[string]struct{ got, want string }{
		"CONNECTED": {
			string(stomp.AppendConnected(nil, stomp.ConnectedFrame{
				Session: "2mX9v", User: "jane:x", Send: 10 * time.Second, Receive: time.Minute,
			})),
			"CONNECTED\nversion:1.2\nheart-beat:10000,60000\nsession:2mX9v\nuser-name:jane:x\n\n\x00",
		},
		"CONNECTED with line break": {
			string(stomp.AppendConnected(nil, stomp.ConnectedFrame{User: "jane\nsession:stolen"})),
			"CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\x00",
		},
		"RECEIPT": {
			string(stomp.AppendReceipt(nil, []byte(`r\c1`))),
			`RECEIPT` + "\n" + `receipt-id:r\c1` + "\n\n\x00",
		},
		"ERROR": {
			string(stomp.AppendError(nil, stomp.ErrorFrame{Message: "no: \r\n", ContentType: "text/plain"}, []byte("b"))),
			"ERROR\ncontent-type:text/plain\nmessage:no\\c \\r\\n\ncontent-length:1\n\nb\x00",
		},
		"MESSAGE": {
			string(message),
			"MESSAGE\ndestination:/topic/a\\cb\nsubscription:s-1\nmessage-id:m-1\nack:a-1\nreceipt-id:r-1\n" +
				"content-type:application/json\ncontent-length:2\n\n",
		},
		"pieces": {
			string(stomp.AppendBody(stomp.AppendIntHeader(stomp.AppendRawHeader(
				stomp.AppendCommand(nil, stomp.Send), "a", []byte(`\c`)), "n", -7), nil)),
			"SEND\na:\\c\nn:-7\ncontent-length:0\n\n\x00",
		},
		"NUL is left out": {
			string(stomp.AppendHeader(nil, "a", "b\x00c")), "a:bc\n",
		},
	}
	for name, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Whatever is encoded is decoded as the same, with nothing left over.
func TestEncodeDecode(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(
		rapid.StringOf(rapid.SampledFrom([]rune("ab\r\n:\\ é😀t"))),
		rapid.StringMatching(`[ -~]{0,40}`),
	)
	rapid.Check(t, func(t *rapid.T) {
		want := decoded{Command: "MESSAGE"}
		data := stomp.AppendCommand(nil, stomp.Message)
		names := map[string]bool{"content-length": true}
		for range rapid.IntRange(0, 8).Draw(t, "headers") {
			name, value := "n"+text.Draw(t, "name"), text.Draw(t, "value")
			data = stomp.AppendHeader(data, name, value)
			if !names[name] {
				want.Headers = append(want.Headers, [2]string{name, value})
			}
			names[name] = true
		}
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		want.Body = string(body)
		data = stomp.AppendBody(data, body)

		d := stomp.NewDecoder(1 << 16)
		d.Server = true
		got, err := decodeAll(d, string(data))
		if !errors.Is(err, io.EOF) || len(got) != 1 {
			t.Fatalf("%d frames, %v", len(got), err)
		}
		got[0].Headers = got[0].Headers[:len(got[0].Headers)-1] // content-length
		if len(got[0].Headers) == 0 {
			got[0].Headers = nil
		}
		if diff := cmp.Diff(want, got[0]); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzEscape(f *testing.F) {
	f.Add("")
	f.Add("subscription-id-0d0c")
	f.Add("a:b\\c\nd\re")
	f.Add("12345678\x1f:23456780")
	f.Fuzz(func(t *testing.T, text string) {
		wire := stomp.AppendEscaped(nil, text)
		if strings.ContainsAny(string(wire), "\r\n:\x00") {
			t.Fatalf("%q becomes %q", text, wire)
		}
		if want, got := strings.ReplaceAll(text, "\x00", ""), stomp.Unescape(wire); got != want {
			t.Fatalf("%q comes back as %q", want, got)
		}
	})
}
