// Package accounts holds the deeds about applications and their credentials,
// users, and user sessions.
//
// An Accounts is safe for concurrent use. It keeps no truth of its own: what it
// remembers besides the store is which users may be about to go offline, and the
// settings that are asked for too often to be read each time.
package accounts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"sync"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/kit/seal"
	"github.com/purrchat/purr/internal/store"
)

// Signals is how news that need not be kept reaches those who are online.
type Signals interface {
	// Publish hands a signal to every node. It does not wait and may lose it.
	Publish(chat.Signal)
}

// Accounts carries out the deeds. All fields but Signals must be set.
type Accounts struct {
	DB  *store.DB
	IDs *ident.Generator
	// Signals hears of presence; nil where nobody listens.
	Signals Signals
	// Node is this server process.
	Node chat.NodeID
	// TokenLifetime is how long an access token is good.
	TokenLifetime time.Duration
	// PresenceGrace is how long a user whose socket was lost stays online.
	PresenceGrace time.Duration
	// ResumeWindow is how long such a session may be resumed.
	ResumeWindow time.Duration
	// Secrets seals what applications keep for their users.
	Secrets *seal.Key
	// Now is the clock.
	Now func() time.Time

	leaving departures
	// settings has the chat.Settings of applications by their id, see know.
	settings sync.Map
}

// departures are the users whose grace is running out, in the order in which
// it does: the grace is the same for all.
type departures struct {
	mu    sync.Mutex
	queue []departure
}

type departure struct {
	application chat.ApplicationID
	user        chat.UserID
	due         time.Time
}

func (a *Accounts) signal(s chat.Signal) {
	if a.Signals != nil {
		a.Signals.Publish(s)
	}
}

// NewSecret makes the secret of a client, and the hash that it is known by.
func NewSecret() (text, hashed string) {
	text = secret()
	return text, hash(text)
}

// secret makes 256 random bits as URL-safe text.
func secret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b)
}

// hash is the stored form of a secret. Secrets are 256 random bits, so a plain
// hash cannot be guessed back.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
