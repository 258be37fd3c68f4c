// Package blobtest tests stores of bytes: every kind must pass the same suite.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/purrchat/purr/internal/blob"
)

// limit is what the suite allows where it does not matter.
const limit = 1 << 30

// Test runs the suite. Each call of open must give an empty store.
func Test(t *testing.T, open func(t *testing.T) blob.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s blob.Store)
	}{
		{"a round trip", roundTrip},
		{"ranges", ranges},
		{"what is not there", absent},
		{"a stream that breaks", broken},
		{"a stream that is too large", tooLarge},
		{"a caller who gave up", cancelled},
		{"no keys", noKeys},
		{"many at once", together},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

func key(n byte) string { return strings.Repeat(string('a'+rune(n)), 32) }

// unsized hides how much there is to read.
func unsized(b []byte) io.Reader { return io.MultiReader(bytes.NewReader(b)) }

func put(t *testing.T, s blob.Store, k string, content []byte) {
	t.Helper()
	n, err := s.Put(t.Context(), k, unsized(content), limit)
	if err != nil || n != int64(len(content)) {
		t.Fatalf("put: %d bytes, %v", n, err)
	}
}

func content(t *testing.T, s blob.Store, k string) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func roundTrip(t *testing.T, s blob.Store) {
	for i, c := range [][]byte{{}, []byte("x"), bytes.Repeat([]byte("0123456789abcdef"), 100_000)} {
		k := key(byte(i))
		put(t, s, k, c)
		if got := content(t, s, k); !bytes.Equal(got, c) {
			t.Errorf("%d bytes came back, want %d", len(got), len(c))
		}
		info, err := s.Stat(t.Context(), k)
		if err != nil || info.Size != int64(len(c)) || info.ModTime.IsZero() {
			t.Errorf("stat: %+v %v", info, err)
		}
	}
}

func ranges(t *testing.T, s blob.Store) {
	put(t, s, key(0), []byte("0123456789"))
	r, err := s.Open(t.Context(), key(0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for _, c := range []struct {
		offset int64
		whence int
		want   string
	}{{3, io.SeekStart, "3456"}, {-4, io.SeekEnd, "6789"}, {0, io.SeekStart, "0123"}} {
		if _, err := r.Seek(c.offset, c.whence); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 4)
		if _, err := io.ReadFull(r, got); err != nil || string(got) != c.want {
			t.Errorf("from %d: %q %v, want %q", c.offset, got, err, c.want)
		}
	}
}

func absent(t *testing.T, s blob.Store) {
	gone := func(what string) {
		t.Helper()
		if _, err := s.Open(t.Context(), key(0)); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%s: open: %v", what, err)
		}
		if _, err := s.Stat(t.Context(), key(0)); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%s: stat: %v", what, err)
		}
		if err := s.Delete(t.Context(), key(0)); err != nil {
			t.Errorf("%s: delete: %v", what, err)
		}
	}
	gone("at first")
	put(t, s, key(0), []byte("x"))
	put(t, s, key(1), []byte("y"))
	if err := s.Delete(t.Context(), key(0)); err != nil {
		t.Fatal(err)
	}
	gone("after delete")
	if got := content(t, s, key(1)); string(got) != "y" {
		t.Errorf("the other one is %q", got)
	}
}

var errBroken = errors.New("the line went dead")

type breaking struct{ left int }

func (b *breaking) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errBroken
	}
	n := min(len(p), b.left)
	b.left -= n
	return n, nil
}

func broken(t *testing.T, s blob.Store) {
	if _, err := s.Put(t.Context(), key(0), &breaking{left: 100_000}, limit); !errors.Is(err, errBroken) {
		t.Errorf("put: %v", err)
	}
	if _, err := s.Stat(t.Context(), key(0)); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("half a file is there: %v", err)
	}
}

func tooLarge(t *testing.T, s blob.Store) {
	const most = 100_000
	exact := bytes.Repeat([]byte("x"), most)
	if n, err := s.Put(t.Context(), key(0), unsized(exact), most); n != most || err != nil {
		t.Errorf("exactly as much as is allowed: %d %v", n, err)
	}
	if _, err := s.Put(t.Context(), key(1), unsized(append(exact, 'y')), most); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("one byte too much: %v", err)
	}
	if _, err := s.Stat(t.Context(), key(1)); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("the part that was allowed is there: %v", err)
	}
}

func cancelled(t *testing.T, s blob.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Put(ctx, key(0), &breaking{left: 1 << 40}, 1<<50); !errors.Is(err, context.Canceled) {
		t.Errorf("put: %v", err)
	}
}

func noKeys(t *testing.T, s blob.Store) {
	for _, k := range []string{"", "short", "../../../../etc/passwd", strings.Repeat("a", 65), strings.Repeat("A", 32), strings.Repeat("ä", 16), "aaaaaaaaaaaaaaaa/a"} {
		_, put := s.Put(t.Context(), k, strings.NewReader("x"), limit)
		_, open := s.Open(t.Context(), k)
		_, stat := s.Stat(t.Context(), k)
		for _, err := range []error{put, open, stat, s.Delete(t.Context(), k)} {
			if !errors.Is(err, blob.ErrKey) {
				t.Errorf("%q: %v", k, err)
			}
		}
	}
}

func together(t *testing.T, s blob.Store) {
	var all sync.WaitGroup
	for i := range byte(20) {
		all.Go(func() {
			text := strings.Repeat(key(i), 1000)
			if _, err := s.Put(t.Context(), key(i), strings.NewReader(text), limit); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i := range byte(20) {
		if got := content(t, s, key(i)); string(got) != strings.Repeat(key(i), 1000) {
			t.Errorf("file %d is another", i)
		}
	}
}
