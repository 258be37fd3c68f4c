package stomp_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/kit/stomp"
)

func TestAssembler(t *testing.T) {
	t.Parallel()
	d := stomp.NewDecoder(200)
	for _, data := range []string{
		"SEND\na:b\n\nbody\x00",
		"SEND\ncontent-length:9\n\n\x00\n\x00\nSEND\n\x00\n\nACK\nid:1\n\n\x00\n\n",
		"\n\n\r\nBEGIN\n\n\x00COMMIT\n\n\x00",
		"SEND\n\nfirst\x00SEND\n\nunfinished",
		"SEND\n\nfirst\x00NONSENSE\n\nunfinished",
		"SEND\ncontent-length:3\n\nfour\x00",
	} {
		checkAssembler(t, d, []byte(data))
	}
}

func TestAssemblerHoldsNothingBetweenFrames(t *testing.T) {
	t.Parallel()
	a := stomp.Assembler{Decoder: stomp.NewDecoder(100)}
	var f stomp.Frame
	a.Feed([]byte("SEND\n\nab"))
	if err := a.Next(&f); !errors.Is(err, io.EOF) || a.Pending() != len("SEND\n\nab") {
		t.Fatalf("pending %d, %v", a.Pending(), err)
	}
	a.Feed([]byte("c\x00"))
	if err := a.Next(&f); err != nil || string(f.Body) != "abc" || a.Pending() != 0 {
		t.Fatalf("body %q, pending %d, %v", f.Body, a.Pending(), err)
	}
	if err := a.Next(&f); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

func TestAssemblerLimit(t *testing.T) {
	t.Parallel()
	const limit = 100
	a := stomp.Assembler{Decoder: stomp.NewDecoder(limit)}
	var f stomp.Frame
	a.Feed([]byte("SEND\n\n"))
	var err error
	for range 2 * limit {
		if err = a.Next(&f); !errors.Is(err, io.EOF) {
			break
		}
		if a.Pending() > limit {
			t.Fatalf("holds %d octets", a.Pending())
		}
		a.Feed([]byte("x"))
	}
	if !errors.Is(err, stomp.ErrTooLarge) {
		t.Fatal(err)
	}
	if again := a.Next(&f); !errors.Is(again, stomp.ErrTooLarge) {
		t.Errorf("error is not sticky: %v", again)
	}
}

// The last piece of one frame may bring further frames, together more than the
// limit of one.
func TestAssemblerLimitIsPerFrame(t *testing.T) {
	t.Parallel()
	frame := "SEND\n\n" + strings.Repeat("x", 50) + "\x00"
	measured := "SEND\ncontent-length:50\n\n" + strings.Repeat("x", 50) + "\x00"
	for _, frame := range []string{frame, measured} {
		a := stomp.Assembler{Decoder: stomp.NewDecoder(100)}
		var f stomp.Frame
		a.Feed([]byte(frame[:40]))
		if err := a.Next(&f); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		a.Feed([]byte(frame[40:] + frame + frame))
		for i := range 3 {
			if err := a.Next(&f); err != nil || len(f.Body) != 50 {
				t.Fatalf("frame %d: %v", i, err)
			}
		}
	}
}

// A frame in pieces of one octet must not be decoded anew with each of them.
func TestAssemblerIsNotQuadratic(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("\x00", 1<<16)
	a := stomp.Assembler{Decoder: stomp.NewDecoder(1 << 17)}
	var f stomp.Frame
	a.Feed([]byte("SEND\ncontent-length:65536\n\n"))
	for i := range len(body) + 1 {
		if err := a.Next(&f); !errors.Is(err, io.EOF) {
			t.Fatalf("octet %d: %v", i, err)
		}
		a.Feed([]byte{0})
	}
	if err := a.Next(&f); err != nil || string(f.Body) != body {
		t.Fatal(err)
	}
}
