package seal_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/purrchat/purr/internal/kit/seal"
)

func load(t *testing.T) *seal.Key {
	t.Helper()
	k, err := seal.Load(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestWhatIsSealedOpensAgain(t *testing.T) {
	t.Parallel()
	k := load(t)
	for _, text := range []string{"", "a secret text", strings.Repeat("long ", 10_000), "\x00\xff"} {
		sealed := k.Seal([]byte(text), "here")
		if len(text) > 8 && strings.Contains(sealed, text) {
			t.Errorf("%.20q shows in %.80q", text, sealed)
		}
		if again := k.Seal([]byte(text), "here"); again == sealed {
			t.Errorf("%.20q is sealed twice the same", text)
		}
		got, err := k.Open(sealed, "here")
		if err != nil || string(got) != text {
			t.Errorf("%.20q became %.20q: %v", text, got, err)
		}
	}
}

func TestWhatDoesNotOpen(t *testing.T) {
	t.Parallel()
	k := load(t)
	sealed := k.Seal([]byte("secret"), "here")
	last := sealed[len(sealed)-6]
	flipped := sealed[:len(sealed)-6] + string(last^1) + sealed[len(sealed)-5:]
	for what, c := range map[string]struct {
		key           *seal.Key
		sealed, place string
		says          string
	}{
		"in another place":  {k, sealed, "there", "moved"},
		"with another key":  {load(t), sealed, "here", "another key"},
		"what was changed":  {k, flipped, "here", ""},
		"what was cut":      {k, sealed[:len(sealed)-4], "here", ""},
		"another version":   {k, "2" + sealed[1:], "here", "not a sealed text"},
		"nothing":           {k, "", "here", "not a sealed text"},
		"a text in between": {k, sealed[:12], "here", ""},
	} {
		if text, err := c.key.Open(c.sealed, c.place); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q %v", what, text, err)
		}
	}
}

func TestAKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "key")
	keys := make([]*seal.Key, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			var err error
			if keys[i], err = seal.Load(file); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	sealed := keys[0].Seal([]byte("x"), "")
	for _, k := range keys {
		if _, err := k.Open(sealed, ""); err != nil {
			t.Error(err)
		}
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 1 {
		t.Errorf("left behind: %v %v", list, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("who may read it: %v %v", info.Mode(), err)
	}
}

func TestWhatIsNoKey(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", base64.StdEncoding.EncodeToString(make([]byte, 16)), strings.Repeat("a", 44) + "!"} {
		if _, err := seal.Parse(text); err == nil {
			t.Errorf("%q is a key", text)
		}
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Load(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a broken file: %v", err)
	}
	if _, err := seal.Load(filepath.Join(t.TempDir(), "missing", "key")); err == nil {
		t.Error("a directory that is not there")
	}
	if _, err := seal.Parse(base64.StdEncoding.EncodeToString(make([]byte, seal.Size)) + "\n"); err != nil {
		t.Error(err)
	}
}
