// Package seal encrypts small texts that are kept where others may read, with
// AES-256 in Galois/Counter Mode (NIST SP 800-38D).
//
// A Key may be used by any number of goroutines. It holds the key in memory and
// shows it to nobody.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Size is the length of a key in bytes.
const Size = 32

// Key seals texts and opens them again.
type Key struct {
	aead cipher.AEAD
	// name tells keys apart without telling what they are.
	name string
}

// errKey says how a key is written.
var errKey = errors.New("a key is 32 random bytes in base64, as `openssl rand -base64 32` makes them")

// Parse reads a key that was written in base64.
func Parse(text string) (*Key, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != Size {
		return nil, errKey
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("cipher: %w", err)
	}
	sum := sha256.Sum256(append([]byte("name of the key "), raw...))
	return &Key{aead: aead, name: hex.EncodeToString(sum[:4])}, nil
}

// Load reads the key in a file, or makes one there that only the owner of the
// process may read. Processes that do so at once get the same key.
func Load(file string) (*Key, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the operator names the directory
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(file); err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
		text, err = os.ReadFile(file) //nolint:gosec // as above
	}
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	key, err := Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}

// create writes a new key to a file, whole and on the disk or not at all: what is
// sealed with it must not outlive it. One that is there meanwhile stays.
func create(file string) error {
	raw := make([]byte, Size)
	_, _ = rand.Read(raw) // never fails, see crypto/rand
	folder := filepath.Dir(file)
	draft, err := os.CreateTemp(folder, filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	_, err = draft.WriteString(base64.StdEncoding.EncodeToString(raw) + "\n")
	err = errors.Join(err, draft.Sync(), draft.Close())
	if err == nil {
		if err = os.Link(draft.Name(), file); errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	return errors.Join(err, os.Remove(draft.Name()), syncFolder(folder))
}

// syncFolder has the names in a folder survive a loss of power.
func syncFolder(path string) error {
	d, err := os.Open(path) //nolint:gosec // the operator names the directory
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// format is what a sealed text begins with: the version of its form.
const format = "1"

// Seal encrypts a text. The place says where it is kept: it opens nowhere else.
func (k *Key) Seal(text []byte, place string) string {
	nonce := make([]byte, k.aead.NonceSize(), k.aead.NonceSize()+len(text)+k.aead.Overhead())
	_, _ = rand.Read(nonce) // never fails, see crypto/rand
	return format + "." + k.name + "." + base64.StdEncoding.EncodeToString(k.aead.Seal(nonce, nonce, text, []byte(place)))
}

// Open gives the text that Seal was given for a place.
func (k *Key) Open(sealed, place string) ([]byte, error) {
	version, rest, _ := strings.Cut(sealed, ".")
	name, body, ok := strings.Cut(rest, ".")
	if version != format || !ok {
		return nil, errors.New("not a sealed text")
	}
	if name != k.name {
		return nil, fmt.Errorf("sealed with another key: %s, while this is %s", name, k.name)
	}
	raw, err := base64.StdEncoding.DecodeString(body)
	if err != nil || len(raw) < k.aead.NonceSize() {
		return nil, errors.New("not a sealed text")
	}
	size := k.aead.NonceSize()
	text, err := k.aead.Open(nil, raw[:size], raw[size:], []byte(place))
	if err != nil {
		return nil, errors.New("a sealed text was changed, or moved to another place")
	}
	return text, nil
}
