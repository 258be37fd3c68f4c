package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// CreateUserInput is what CreateUser needs.
type CreateUserInput struct {
	Name        string
	DisplayName string
	Guest       bool
	Properties  json.RawMessage
	// Picture is an external file, nil for the standard picture.
	Picture *chat.File
	// CreatedAt is for an importer: when it was; now where it is zero.
	CreatedAt time.Time
}

// ErrUsernameTaken refuses a second user of a name.
var ErrUsernameTaken = &chat.Error{Code: chat.Conflict, Reason: "UsernameTakenError", Message: "There is a user with this name already.", Field: "name"}

// CreateUser adds a user to the actor's application.
func (a *Accounts) CreateUser(ctx context.Context, actor chat.Actor, in CreateUserInput) (made chat.User, err error) {
	add, err := a.BeginUser(actor, in)
	if err != nil {
		return made, err
	}
	err = a.DB.Update(ctx, func(tx *store.Tx) error {
		made, err = add(tx)
		return err
	})
	return made, err
}

// BeginUser is CreateUser as part of an update that does more: it checks the
// input and gives what adds the user.
func (a *Accounts) BeginUser(actor chat.Actor, in CreateUserInput) (add func(*store.Tx) (chat.User, error), err error) {
	u := chat.User{Application: actor.Application, Name: in.Name, DisplayName: in.DisplayName, Guest: in.Guest}
	if err := chat.CheckText("name", in.Name, chat.MaxUsername); err != nil {
		return nil, err
	}
	if err := chat.CheckText("displayName", in.DisplayName, chat.MaxDisplayName); err != nil {
		return nil, err
	}
	if u.Properties, err = chat.ParseProperties(in.Properties); err != nil {
		return nil, err
	}
	if in.Picture != nil {
		f, err := chat.CheckExternal("displayPicture.", *in.Picture)
		if err != nil {
			return nil, err
		}
		u.Picture = f.Place()
	}
	u.ID = chat.UserID(a.IDs.Next())
	return func(tx *store.Tx) (made chat.User, err error) {
		earlier, err := tx.ClaimRequest(actor, store.UserMaker, int64(u.ID))
		if err != nil {
			return made, err
		}
		if earlier != 0 {
			made, err = tx.User(actor.Application, chat.UserID(earlier))
			return made, store.OrRefuse(err, chat.ErrUnknownUser)
		}
		made = u
		if made.CreatedAt, err = chat.CreationTime(actor, in.CreatedAt, tx.Now); err != nil {
			return made, err
		}
		if err = tx.InsertUser(made); errors.Is(err, store.ErrDuplicate) {
			err = ErrUsernameTaken
		}
		return made, err
	}, nil
}

// RetrieveUser finds a user by id.
func (a *Accounts) RetrieveUser(ctx context.Context, actor chat.Actor, id chat.UserID) (u chat.User, err error) {
	err = a.DB.View(ctx, func(tx *store.Tx) error {
		u, err = tx.User(actor.Application, id)
		return store.OrRefuse(err, chat.ErrUnknownUser)
	})
	return u, err
}

// UserExists tells whether a user has the name.
func (a *Accounts) UserExists(ctx context.Context, actor chat.Actor, name string) (exists bool, err error) {
	err = a.DB.View(ctx, func(tx *store.Tx) error {
		exists, err = tx.UserExists(actor.Application, name)
		return err
	})
	return exists, err
}

// ListUsers lists the users of the actor's application, by name unless the
// request sorts them.
func (a *Accounts) ListUsers(ctx context.Context, actor chat.Actor, f chat.UserFilter, r chat.PageRequest) (p chat.Page[chat.User], err error) {
	err = a.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.Users(actor.Application, f, r)
		return err
	})
	return p, err
}

// UserPatch changes a user. Nil members stay as they are.
type UserPatch struct {
	DisplayName *string
	Guest       *bool
	Status      *string
	// Properties is a merge patch (RFC 7396).
	Properties json.RawMessage
}

// UpdateUser changes a user: the application changes anybody, a user himself.
// Whether somebody is a guest is for the application to say.
func (a *Accounts) UpdateUser(ctx context.Context, actor chat.Actor, id chat.UserID, p UserPatch) (chat.User, error) {
	var u, before chat.User
	if err := chat.CheckUserRight(chat.OpUpdateUser, actor, id); err != nil {
		return u, err
	}
	if p.Guest != nil {
		if err := chat.CheckUserRight(chat.OpSetGuest, actor, id); err != nil {
			return u, err
		}
	}
	if err := p.check(); err != nil {
		return u, err
	}
	err := a.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if before, err = tx.User(actor.Application, id); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		if u, err = p.apply(before); err != nil {
			return err
		}
		if err := tx.UpdateUser(u); err != nil {
			return err
		}
		after := u
		_, err = tx.Record(chat.Event{
			Application: actor.Application, Kind: chat.UserUpdated, Actor: actor.User, Target: id,
			Session: actor.Session, Request: actor.Request, User: &after,
		})
		return err
	})
	if err == nil && before.Presence != u.Presence {
		a.signal(chat.Signal{Application: u.Application, Kind: chat.PresenceChanged, User: u.ID})
	}
	return u, err
}

func (p UserPatch) check() error {
	if p.DisplayName != nil {
		if err := chat.CheckText("displayName", *p.DisplayName, chat.MaxDisplayName); err != nil {
			return err
		}
	}
	if p.Status != nil {
		return chat.CheckOptionalText("presence.status", *p.Status, chat.MaxDisplayName)
	}
	return nil
}

func (p UserPatch) apply(u chat.User) (chat.User, error) {
	if p.DisplayName != nil {
		u.DisplayName = *p.DisplayName
	}
	if p.Guest != nil {
		u.Guest = *p.Guest
	}
	// Clients send the whole user back, some of them as he was at the start of
	// the session: the word that follows from being online is no choice.
	if p.Status != nil {
		u.Presence.Status = *p.Status
		if follows := (chat.Presence{Online: u.Presence.Online}); *p.Status == follows.Shown() {
			u.Presence.Status = ""
		}
	}
	var err error
	if len(p.Properties) > 0 {
		u.Properties, err = u.Properties.Merge(p.Properties)
	}
	return u, err
}

// purgeBatch bounds how much one update of a purge removes, so that others
// need not wait long for it.
const purgeBatch = 500

// PurgeUserJob is the kind of the job that removes a deleted user's
// memberships and pictures; its payload is a PurgeUser.
const PurgeUserJob = "user.purge"

// PurgeUser names the deleted user whose memberships are to go.
type PurgeUser struct {
	User chat.UserID `json:"user"`
}

// DeleteUser removes a user: the application anybody, a user himself. His
// sessions end, his name becomes free, his messages stay under a tombstone; a
// job removes his memberships.
func (a *Accounts) DeleteUser(ctx context.Context, actor chat.Actor, id chat.UserID) (chat.User, error) {
	var u chat.User
	if err := chat.CheckUserRight(chat.OpDeleteUser, actor, id); err != nil {
		return u, err
	}
	err := a.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if u, err = tx.User(actor.Application, id); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		if err := tx.DeleteUser(actor.Application, id); err != nil {
			return err
		}
		if err := tx.ForgetPush(id); err != nil {
			return err
		}
		sessions, err := tx.EndUserSessions(id)
		if err != nil {
			return err
		}
		for _, s := range sessions {
			if err := tx.ForgetRequests(s.ID); err != nil {
				return err
			}
		}
		gone := u
		_, err = tx.Record(chat.Event{
			Application: actor.Application, Kind: chat.UserDeleted, Actor: actor.User, Target: id,
			Session: actor.Session, Request: actor.Request, User: &gone,
		})
		return err
	})
	if err == nil {
		a.leaving.forget(id)
	}
	return u, err
}

// Purge carries out a PurgeUserJob. It may be repeated.
func (a *Accounts) Purge(ctx context.Context, app chat.ApplicationID, p PurgeUser) error {
	if err := a.DB.Update(ctx, func(tx *store.Tx) error { return tx.ReleasePictures(p.User) }); err != nil {
		return err
	}
	for {
		var left []chat.ChannelID
		err := a.DB.Update(ctx, func(tx *store.Tx) (err error) {
			if left, err = tx.PurgeMemberships(p.User, purgeBatch); err != nil {
				return err
			}
			return tellLeft(tx, app, p.User, left)
		})
		if err != nil || len(left) < purgeBatch {
			return err
		}
	}
}

// tellLeft records that a deleted user is no member of some channels any more.
func tellLeft(tx *store.Tx, app chat.ApplicationID, id chat.UserID, left []chat.ChannelID) error {
	users, err := tx.UsersByID(app, []chat.UserID{id})
	if err != nil {
		return err
	}
	channels, err := tx.ChannelsByID(app, left)
	if err != nil {
		return err
	}
	if err := tx.Complete(app, channels); err != nil {
		return err
	}
	gone := users[id]
	for i := range channels {
		c := &channels[i]
		e := chat.Event{Application: app, Kind: chat.MemberLeft, Channel: c.ID, Target: id, ChannelState: c, User: &gone}
		if c.Seq, err = tx.Record(e); err != nil {
			return err
		}
	}
	return nil
}
