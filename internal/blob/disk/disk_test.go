package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/blob"
	"github.com/purrchat/purr/internal/blob/blobtest"
	"github.com/purrchat/purr/internal/blob/disk"
)

func TestDisk(t *testing.T) {
	t.Parallel()
	blobtest.Test(t, func(t *testing.T) blob.Store { return disk.New(filepath.Join(t.TempDir(), "files")) })
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := disk.New(dir)
	if _, err := s.Put(t.Context(), strings.Repeat("a", 16), failing{}, 10); err == nil {
		t.Error("a broken stream was kept")
	}
	list, err := os.ReadDir(filepath.Join(dir, "incoming"))
	if err != nil || len(list) != 0 {
		t.Errorf("left: %v %v", list, err)
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := disk.New(dir)
	if err := s.Clean(t.Context(), time.Now()); err != nil {
		t.Errorf("nothing there yet: %v", err)
	}
	if _, err := s.Put(t.Context(), strings.Repeat("a", 16), strings.NewReader("x"), 10); err != nil {
		t.Fatal(err)
	}
	old, young := filepath.Join(dir, "incoming", "old"), filepath.Join(dir, "incoming", "young")
	for _, name := range []string{old, young} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(old, time.Now(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.Clean(t.Context(), time.Now().Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old one: %v", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("the young one: %v", err)
	}
	if _, err := s.Stat(t.Context(), strings.Repeat("a", 16)); err != nil {
		t.Errorf("the whole one: %v", err)
	}
}
