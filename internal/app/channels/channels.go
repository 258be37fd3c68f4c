// Package channels holds the deeds about channels and their members.
//
// A Channels is safe for concurrent use and keeps nothing besides the store.
package channels

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/store"
)

// Channels carries out the deeds. All fields but Typing must be set.
type Channels struct {
	DB  *store.DB
	IDs *ident.Generator
	// Typing hears what users type; nil where nobody listens.
	Typing Typing
}

// view is a channel complete with what it shows, as the actor sees it.
func view(tx *store.Tx, actor chat.Actor, c chat.Channel, member bool) (chat.View, error) {
	one := []chat.Channel{c}
	err := tx.Complete(actor.Application, one)
	if err == nil {
		err = tx.HideFrom(actor.User, one)
	}
	v := chat.View{Channel: one[0], Member: member}
	if err == nil && !member && !actor.IsApplication() && c.Type == chat.Public {
		v.Blocked, err = tx.IsBlockedIn(c.ID, actor.User)
	}
	withoutContent(&v)
	return v, err
}

// withoutContent takes from a view what the blocked may not read.
func withoutContent(v *chat.View) {
	if v.Blocked && !v.Member {
		v.Channel.LastMessage = nil
	}
}

// resolve finds the user that a reference names.
func resolve(tx *store.Tx, app chat.ApplicationID, ref chat.UserRef) (u chat.User, err error) {
	switch {
	case ref.ID != 0:
		u, err = tx.User(app, ref.ID)
	case ref.Name != "":
		u, err = tx.UserByName(app, ref.Name)
	default:
		return u, chat.Invalidf("user", "must name a user by id or username")
	}
	return u, store.OrRefuse(err, chat.ErrUnknownUser)
}

// record writes an event about a channel that the actor caused, and notes its
// number in the channel.
func record(tx *store.Tx, actor chat.Actor, kind chat.EventKind, c *chat.Channel, target *chat.User) error {
	return recordWith(tx, actor, kind, c, target, "")
}

// recordWith is record for an event with data.
func recordWith(tx *store.Tx, actor chat.Actor, kind chat.EventKind, c *chat.Channel, target *chat.User, data string) (err error) {
	after := *c
	e := chat.Event{
		Application: actor.Application, Kind: kind, Channel: c.ID, Actor: actor.User,
		Session: actor.Session, Request: actor.Request, ChannelState: &after, Data: data,
	}
	if target != nil {
		e.Target, e.User = target.ID, target
	}
	c.Seq, err = tx.Record(e)
	after.Seq = c.Seq
	return err
}

// Retrieve finds a channel that the actor may see.
func (cs *Channels) Retrieve(ctx context.Context, actor chat.Actor, id chat.ChannelID) (v chat.View, err error) {
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		c, member, err := Allowed(tx, actor, id, chat.OpSee)
		if err != nil {
			return err
		}
		v, err = view(tx, actor, c, member)
		return err
	})
	return v, err
}

// maxFilterMembers bounds how many members a list of channels may be narrowed
// by: each is a condition of its own.
const maxFilterMembers = 100

// List lists channels that the actor may see. The number of queries does not
// depend on the number of channels.
func (cs *Channels) List(ctx context.Context, actor chat.Actor, f chat.ChannelFilter, r chat.PageRequest) (out chat.Page[chat.View], err error) {
	if f.Type != "" && !f.Type.Valid() {
		return out, chat.Invalidf("type", "must be DIRECT, PUBLIC or PRIVATE")
	}
	if len(f.Members) > maxFilterMembers {
		return out, chat.Invalidf("members", "must not name more than %d users", maxFilterMembers)
	}
	if !actor.IsApplication() {
		f.Viewer = actor.User
	}
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		p, err := tx.Channels(actor.Application, f, r)
		if err != nil {
			return err
		}
		if err := tx.Complete(actor.Application, p.Items); err != nil {
			return err
		}
		if err := tx.HideFrom(actor.User, p.Items); err != nil {
			return err
		}
		var joined, blocked map[chat.ChannelID]bool
		if !actor.IsApplication() {
			ids := make([]chat.ChannelID, len(p.Items))
			for i, c := range p.Items {
				ids[i] = c.ID
			}
			if joined, err = tx.MemberOf(actor.User, ids); err != nil {
				return err
			}
			if blocked, err = tx.BlockedIn(actor.User, ids); err != nil {
				return err
			}
		}
		out = chat.Page[chat.View]{Number: p.Number, Size: p.Size, Total: p.Total, Items: make([]chat.View, len(p.Items))}
		for i, c := range p.Items {
			out.Items[i] = chat.View{Channel: c, Member: joined[c.ID], Blocked: blocked[c.ID]}
			withoutContent(&out.Items[i])
		}
		return nil
	})
	return out, err
}
