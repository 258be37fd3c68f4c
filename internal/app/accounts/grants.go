package accounts

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// What a grant is for.
const (
	// ReadFiles lets its bearer read the files that its user may see.
	ReadFiles = "read"
	// WriteFiles lets its bearer upload files as its user.
	WriteFiles = "write"
)

// FileGrant gives a user what he reads ("read") or uploads ("write") files
// with. It proves his identity to nobody else, stays good until the user is
// deleted or the application's client secret changes, and needs no row of its
// own.
func (a *Accounts) FileGrant(ctx context.Context, actor chat.Actor, purpose string) (grant string, err error) {
	err = a.DB.View(ctx, func(tx *store.Tx) error {
		key, err := tx.GrantKey(actor.Application)
		if err != nil {
			return store.OrRefuse(err, chat.ErrUnknownApplication)
		}
		grant = strconv.FormatInt(int64(actor.User), 36) + "-" + hex.EncodeToString(sign(key, purpose, actor))
		return nil
	})
	return grant, err
}

// sign is what only this server can make of a user and a purpose.
func sign(key, purpose string, a chat.Actor) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%s %d %d", purpose, a.Application, a.User)
	return mac.Sum(nil)
}

// VerifyFileGrant tells whose grant for a purpose it is. There is no other
// refusal than chat.ErrInvalidGrant.
func (a *Accounts) VerifyFileGrant(ctx context.Context, grant, purpose string) (actor chat.Actor, err error) {
	digits, sum, _ := strings.Cut(grant, "-")
	id, err := strconv.ParseInt(digits, 36, 64)
	given, malformed := hex.DecodeString(sum)
	if err != nil || malformed != nil || id <= 0 || len(given) != sha256.Size {
		return actor, chat.ErrInvalidGrant
	}
	actor.User = chat.UserID(id)
	err = a.DB.View(ctx, func(tx *store.Tx) error {
		app, key, err := tx.GrantOwner(actor.User)
		if errors.Is(err, store.ErrNotFound) {
			return chat.ErrInvalidGrant
		}
		if err != nil {
			return err
		}
		actor.Application = app
		if !hmac.Equal(given, sign(key, purpose, actor)) {
			return chat.ErrInvalidGrant
		}
		return nil
	})
	return actor, err
}

// jobFileTime is for how long the grant of a job's file is good.
const jobFileTime = 24 * time.Hour

// JobFileGrants gives what makes grants for the files of an application's jobs.
// Each is good for one file, for a day, and until the application's client
// secret changes.
func (a *Accounts) JobFileGrants(ctx context.Context, app chat.ApplicationID) (grant func(fileKey string) string, err error) {
	err = a.DB.View(ctx, func(tx *store.Tx) error {
		key, err := tx.GrantKey(app)
		if err != nil {
			return store.OrRefuse(err, chat.ErrUnknownApplication)
		}
		until := a.Now().Add(jobFileTime).Unix()
		grant = func(fileKey string) string {
			return "job-" + strconv.FormatInt(until, 36) + "-" + hex.EncodeToString(sealJobFile(key, fileKey, until))
		}
		return nil
	})
	return grant, err
}

func sealJobFile(key, fileKey string, until int64) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "job %s %d", fileKey, until)
	return mac.Sum(nil)
}

// VerifyJobFileGrant refuses, by chat.ErrInvalidGrant, whoever may not read the
// file of an application's job.
func (a *Accounts) VerifyJobFileGrant(ctx context.Context, app chat.ApplicationID, fileKey, grant string) error {
	rest, isOne := strings.CutPrefix(grant, "job-")
	digits, sum, _ := strings.Cut(rest, "-")
	until, err := strconv.ParseInt(digits, 36, 64)
	given, malformed := hex.DecodeString(sum)
	if !isOne || err != nil || malformed != nil || a.Now().Unix() >= until {
		return chat.ErrInvalidGrant
	}
	return a.DB.View(ctx, func(tx *store.Tx) error {
		key, err := tx.GrantKey(app)
		if err != nil {
			return store.OrRefuse(err, chat.ErrInvalidGrant)
		}
		if !hmac.Equal(given, sealJobFile(key, fileKey, until)) {
			return chat.ErrInvalidGrant
		}
		return nil
	})
}
