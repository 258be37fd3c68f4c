package provider

import (
	"crypto/sha256"
	"sync"
	"time"
)

// tokens keeps what proves an application to a provider for as long as it is
// good, since providers want it used again.
type tokens struct {
	mu   sync.Mutex
	kept map[[sha256.Size]byte]*token
}

// token is one of them; whoever makes it holds mu.
type token struct {
	mu    sync.Mutex
	text  string
	until time.Time
	used  time.Time
}

// maxTokens bounds how many are kept; the one goes that was not used for
// longest.
const maxTokens = 1000

// get gives the token of a name, and has it made where there is none that is
// good. Others that want it wait; those of other names do not.
func (t *tokens) get(name string, now time.Time, make func() (string, time.Time, error)) (string, error) {
	one := t.of(name, now)
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.text != "" && now.Before(one.until) {
		return one.text, nil
	}
	text, until, err := make()
	if err == nil {
		one.text, one.until = text, until
	}
	return text, err
}

// drop forgets a token that the provider does not take.
func (t *tokens) drop(name, text string, now time.Time) {
	one := t.of(name, now)
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.text == text {
		one.text = ""
	}
}

func (t *tokens) of(name string, now time.Time) *token {
	key := sha256.Sum256([]byte(name)) // it has a secret in it
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.kept[key]
	if one == nil {
		one = &token{}
		if t.kept == nil {
			t.kept = map[[sha256.Size]byte]*token{}
		}
		if len(t.kept) >= maxTokens {
			t.forgetOldest()
		}
		t.kept[key] = one
	}
	one.used = now // under the lock of the map
	return one
}

func (t *tokens) forgetOldest() {
	var oldest [sha256.Size]byte
	var at time.Time
	for key, one := range t.kept {
		if at.IsZero() || one.used.Before(at) {
			oldest, at = key, one.used
		}
	}
	delete(t.kept, oldest)
}
