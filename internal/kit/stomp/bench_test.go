package stomp_test

import (
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/kit/stomp"
)

const (
	benchAck = "ACK\nid:5f1c2e3d4b5a69788796a5b4c3d2e1f0\n" +
		"subscription:subscription-id-51c9e7a2-0c1d-4e2f-8a3b-4c5d6e7f8091\n\n\x00"
	benchSubscribe = "SUBSCRIBE\nunread:true\ntype:undefined\nid:subscription-id-0d0c51c9-0c1d-4e2f-8a3b-4c5d6e7f8091\n" +
		"destination:/application/v1/user.channels_count.relay\n\n\x00"
)

func benchSend() string {
	return "SEND\ndestination:/application/v1/channels/1.message\ncontent-type:application/json;charset=UTF-8\n" +
		"receipt:receipt-9c1e51c9-0c1d-4e2f-8a3b-4c5d6e7f8091\nx-one:1\nx-two:2\ncontent-length:118\n\n" +
		strings.Repeat("b", 118) + "\x00"
}

func BenchmarkDecode(b *testing.B) {
	for name, data := range map[string]string{"send": benchSend(), "subscribe": benchSubscribe, "ack": benchAck} {
		b.Run(name, func(b *testing.B) {
			d := stomp.NewDecoder(1 << 18)
			var f stomp.Frame
			message := []byte(data)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Decode(&f, message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodeAck(b *testing.B) {
	d := stomp.NewDecoder(1 << 18)
	message := []byte(benchAck)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, ok := d.DecodeAck(message); !ok {
			b.Fatal("not recognised")
		}
	}
}

func BenchmarkAssembler(b *testing.B) {
	a := stomp.Assembler{Decoder: stomp.NewDecoder(1 << 18)}
	var f stomp.Frame
	message := []byte(benchSend())
	b.ReportAllocs()
	for b.Loop() {
		a.Feed(message)
		for a.Next(&f) == nil {
		}
	}
}

func BenchmarkAppendMessageHeader(b *testing.B) {
	m := stomp.MessageFrame{
		Destination: "/topic/v1/channels/1.messages", Subscription: "subscription-id-51c9e7a2-0c1d-4e2f-8a3b-4c5d6e7f8091",
		ID: "m-31415926535", Ack: "a-31415926535", ContentType: "application/json", ContentLength: 300,
	}
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = stomp.AppendMessageHeader(dst[:0], &m)
	}
}

// A caller that keeps what is the same for all events of a subscription pays
// for the rest only.
func BenchmarkAppendMessageSpliced(b *testing.B) {
	prefix := stomp.AppendHeader(stomp.AppendCommand(nil, stomp.Message), "destination", "/topic/v1/channels/1.messages")
	prefix = stomp.AppendHeader(prefix, "subscription", "subscription-id-51c9e7a2-0c1d-4e2f-8a3b-4c5d6e7f8091")
	tail := []byte("content-type:application/json\ncontent-length:300\n\n")
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = append(dst[:0], prefix...)
		dst = stomp.AppendIntHeader(dst, "message-id", 31415926535)
		dst = stomp.AppendIntHeader(dst, "ack", 31415926535)
		dst = append(dst, tail...)
	}
}

func BenchmarkAppendReceipt(b *testing.B) {
	id := []byte("receipt-9c1e51c9-0c1d-4e2f-8a3b-4c5d6e7f8091")
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = stomp.AppendReceipt(dst[:0], id)
	}
}
