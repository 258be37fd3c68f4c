package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/blob"
	"github.com/purrchat/purr/internal/blob/blobtest"
	"github.com/purrchat/purr/internal/blob/s3"
	"github.com/purrchat/purr/internal/blob/s3/s3test"
)

func open(t *testing.T, o s3.Options) *s3.Store {
	t.Helper()
	s, err := s3.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestS3(t *testing.T) {
	t.Parallel()
	blobtest.Test(t, func(t *testing.T) blob.Store { return open(t, s3test.Start(t)) })
}

var someKey = strings.Repeat("a", 32)

// large is more than two parts.
func large() []byte { return bytes.Repeat([]byte("0123456789abcdef"), 11<<16) }

func content(t *testing.T, s blob.Store) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), someKey)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestALargeFileGoesInParts(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var sizes []int64
	o := s3test.Behind(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPut {
			mu.Lock()
			sizes = append(sizes, r.ContentLength)
			mu.Unlock()
		}
		next.ServeHTTP(w, r)
	})
	s := open(t, o)
	want := large()
	if n, err := s.Put(t.Context(), someKey, bytes.NewReader(want), 1<<30); err != nil || n != int64(len(want)) {
		t.Fatalf("put: %d %v", n, err)
	}
	if got := content(t, s); !bytes.Equal(got, want) {
		t.Errorf("%d bytes came back", len(got))
	}
	if len(sizes) != 3 {
		t.Errorf("parts: %v", sizes)
	}
	left, err := os.ReadDir(o.Scratch)
	if err != nil || len(left) != 0 {
		t.Errorf("left in the directory for parts: %v %v", left, err)
	}
}

// A file that breaks off after its first parts leaves none of them behind.
func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	var began, aborted atomic.Int32
	s := open(t, s3test.Behind(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if q := r.URL.Query(); r.Method == http.MethodPost && q.Has("uploads") {
			began.Add(1)
		} else if r.Method == http.MethodDelete && q.Has("uploadId") {
			aborted.Add(1)
		}
		next.ServeHTTP(w, r)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	gone := errors.New("the line went dead")
	// The caller gives up, too; what is there is removed all the same.
	breaking := io.MultiReader(bytes.NewReader(large()), reader(func([]byte) (int, error) { cancel(); return 0, gone }))
	if _, err := s.Put(ctx, someKey, breaking, 1<<30); !errors.Is(err, gone) {
		t.Errorf("put: %v", err)
	}
	if began.Load() != 1 || aborted.Load() != 1 {
		t.Errorf("%d begun, %d aborted", began.Load(), aborted.Load())
	}
	if _, err := s.Stat(t.Context(), someKey); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("half a file is there: %v", err)
	}
}

type reader func([]byte) (int, error)

func (f reader) Read(p []byte) (int, error) { return f(p) }

// A storage that fails for a moment is asked again, with all of the bytes.
func TestWhatMayPassIsTriedAgain(t *testing.T) {
	t.Parallel()
	var failed sync.Map
	s := open(t, s3test.Behind(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if _, before := failed.LoadOrStore(r.Method+r.URL.RawQuery, true); !before {
			_, _ = io.CopyN(io.Discard, r.Body, 1000)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	}))
	want := large()
	if _, err := s.Put(t.Context(), someKey, bytes.NewReader(want), 1<<30); err != nil {
		t.Fatal(err)
	}
	if got := content(t, s); !bytes.Equal(got, want) {
		t.Errorf("%d bytes came back", len(got))
	}
	if err := s.Delete(t.Context(), someKey); err != nil {
		t.Error(err)
	}
}

// cut ends the connection after some bytes of the body.
type cut struct {
	http.ResponseWriter
	left int
}

func (c *cut) Write(p []byte) (int, error) {
	if len(p) > c.left {
		_, _ = c.ResponseWriter.Write(p[:c.left])
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	c.left -= len(p)
	return c.ResponseWriter.Write(p)
}

// A download whose connection to the storage breaks goes on where it was.
func TestABrokenDownloadGoesOn(t *testing.T) {
	t.Parallel()
	var ranges []string
	s := open(t, s3test.Behind(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodGet {
			ranges = append(ranges, r.Header.Get("Range"))
			if len(ranges) < 3 {
				w = &cut{ResponseWriter: w, left: 100_000}
			}
		}
		next.ServeHTTP(w, r)
	}))
	want := large()
	if _, err := s.Put(t.Context(), someKey, bytes.NewReader(want), 1<<30); err != nil {
		t.Fatal(err)
	}
	if got := content(t, s); !bytes.Equal(got, want) {
		t.Errorf("%d bytes came back", len(got))
	}
	if len(ranges) != 3 || ranges[0] != "" || ranges[1] != "bytes=100000-" {
		t.Errorf("asked for %q", ranges)
	}
}

// A storage that is broken for good is given up after a few attempts, and that
// is no file that does not exist.
func TestAStorageThatIsDown(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	s := open(t, s3test.Behind(t, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	if _, err := s.Open(t.Context(), someKey); err == nil || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("open: %v", err)
	}
	if n := asked.Load(); n != 5 {
		t.Errorf("asked %d times", n)
	}
}

func TestCleanRemovesWhatAProcessLeft(t *testing.T) {
	t.Parallel()
	var aborted []string
	var die atomic.Bool
	o := s3test.Behind(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodDelete {
			if die.Load() { // the process that should have removed the parts is dead
				w.WriteHeader(http.StatusForbidden)
				return
			}
			aborted = append(aborted, strings.TrimPrefix(r.URL.Path, "/purr-files/"))
		}
		next.ServeHTTP(w, r)
	})
	die.Store(true)
	broken := io.MultiReader(bytes.NewReader(large()), reader(func([]byte) (int, error) { return 0, errors.New("broken") }))
	for _, prefix := range []string{"files/", "of another/"} {
		o.Prefix = prefix
		if _, err := open(t, o).Put(t.Context(), someKey, broken, 1<<30); err == nil {
			t.Fatal("kept")
		}
		broken = io.MultiReader(bytes.NewReader(large()), reader(func([]byte) (int, error) { return 0, errors.New("broken") }))
	}
	die.Store(false)
	o.Prefix = "files/"
	s := open(t, o)
	if err := s.Clean(t.Context(), time.Now().Add(-time.Hour)); err != nil || len(aborted) != 0 {
		t.Errorf("what is young: %v %v", aborted, err)
	}
	if err := s.Clean(t.Context(), time.Now().Add(time.Hour)); err != nil || len(aborted) != 1 || aborted[0] != "files/"+someKey {
		t.Errorf("what is old: %v %v", aborted, err)
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := s3test.Start(t)
	if err := open(t, good).Check(t.Context()); err != nil {
		t.Errorf("nothing is wrong: %v", err)
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, c := range []struct {
		name   string
		change func(*s3.Options)
		want   string
	}{
		{"bucket", func(o *s3.Options) { o.Bucket = "purr-other-bucket" }, `there is no bucket "purr-other-bucket" at ` + good.Endpoint},
		{"access key", func(o *s3.Options) { o.AccessKey = "mallory" }, `does not let the access key "mallory" use the bucket`},
		{"address", func(o *s3.Options) { o.Endpoint = closed.URL }, "cannot be used"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := good
			c.change(&o)
			err := open(t, o).Check(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), o.SecretKey) {
				t.Errorf("error: %v", err)
			}
		})
	}
}
