// Package messages holds the deeds about messages.
//
// A Messages is safe for concurrent use and keeps nothing besides the store.
package messages

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/store"
)

// Messages carries out the deeds. All fields but Pages must be set.
type Messages struct {
	DB  *store.DB
	IDs *ident.Generator
	// Pages asks the pages that messages link to; without it no links are
	// previewed.
	Pages Pages
}

// SendInput is what Send needs.
type SendInput struct {
	Channel chat.ChannelID
	// Parent makes the message a reply, and Thread sends it into a thread. Only
	// one of Channel, Parent and Thread is set.
	Parent chat.MessageID
	Thread chat.ThreadID
	// User is for the application, which may write for a user; without him
	// the message is a system message. A user writes for himself.
	User chat.UserRef
	Body string
	// File makes it a file message, which has no Body: an external file, or an
	// uploaded one, which Send keeps.
	File       *chat.File
	GroupTag   string
	Properties json.RawMessage
	// CreatedAt is for an importer: when it was said; now where it is zero.
	CreatedAt time.Time
}

// Sent is a message that was written, now or by the same request before.
type Sent struct {
	Message chat.Message
	// Repeated tells that the request had been carried out before.
	Repeated bool
}

// Send writes a message into a channel: a text, or a file.
func (ms *Messages) Send(ctx context.Context, actor chat.Actor, in SendInput) (Sent, error) {
	return ms.Begin(ctx, actor, in)()
}

// Begin is Send in two steps, for a door whose client sends one message after
// the other without waiting: messages are written in the order of the calls of
// Begin, and wait, to be called once, gives the outcome.
func (ms *Messages) Begin(ctx context.Context, actor chat.Actor, in SendInput) (wait func() (Sent, error)) {
	m, err := in.message(actor)
	if err != nil {
		return func() (Sent, error) { return Sent{}, err }
	}
	m.ID = chat.MessageID(ms.IDs.Next())
	var out Sent
	committed := ms.DB.Begin(ctx, func(tx *store.Tx) error {
		m := m // another attempt begins anew
		post, err := in.placed(tx, actor, &m)
		if err != nil {
			// Who sent while he was allowed to gets his answer afterwards too.
			if old, ok := repeated(tx, actor); ok {
				out = old
				return nil
			}
			return err
		}
		if out, err = ms.write(tx, actor, m, post); err != nil || out.Repeated {
			return err
		}
		return ms.wantPreviews(tx, out.Message)
	})
	return func() (Sent, error) {
		err := committed()
		return out, err
	}
}

// message checks the input and gives the message that it asks for.
func (in SendInput) message(actor chat.Actor) (m chat.Message, err error) {
	var file *chat.File
	if in.File != nil {
		if file, err = checkFile(*in.File); err != nil {
			return m, err
		}
	} else if err := chat.CheckText("body", in.Body, chat.MaxBody); err != nil {
		return m, err
	}
	if err := chat.CheckOptionalText("groupTag", in.GroupTag, chat.MaxGroupTag); err != nil {
		return m, err
	}
	if !actor.IsApplication() && !in.User.IsZero() {
		return m, chat.Invalidf("user", "is the user himself")
	}
	m = chat.Message{Application: actor.Application, Channel: in.Channel, Body: in.Body, File: file, GroupTag: in.GroupTag}
	m.Links = chat.FindLinks(in.Body)
	m.Properties, err = chat.ParseProperties(in.Properties)
	return m, err
}

// post finds where a message goes and whom it is from, and refuses one that may
// not be written.
func (in SendInput) post(tx *store.Tx, actor chat.Actor) (store.Post, error) {
	id := in.User.ID
	switch {
	case !actor.IsApplication():
		id = actor.User
	case id == 0 && in.User.Name != "":
		u, err := tx.UserByName(actor.Application, in.User.Name)
		if err != nil {
			return store.Post{}, store.OrRefuse(err, chat.ErrUnknownUser)
		}
		id = u.ID
	}
	p, err := tx.ChannelForPost(actor.Application, in.Channel, id)
	if err != nil {
		return p, store.OrRefuse(err, chat.ErrUnknownChannel)
	}
	if err := channels.CheckRight(tx, actor, p.Channel, p.Member, chat.OpPost); err != nil {
		return p, err
	}
	if id != 0 && p.Author.ID == 0 {
		return p, chat.ErrUnknownUser
	}
	if !p.AuthorBlocks {
		return p, nil
	}
	return p, channels.CheckNoBlock(tx, actor, p.Channel, id)
}

// write numbers and stores a message, unless the request has done so before.
func (ms *Messages) write(tx *store.Tx, actor chat.Actor, m chat.Message, post store.Post) (Sent, error) {
	var author *chat.User // nil for a system message
	if post.Author.ID != 0 {
		author = &post.Author
	}
	if m.ID <= post.Newest {
		// It was overtaken. Within a channel identifiers grow with numbers, so
		// that either orders its messages among those of others.
		m.ID = chat.MessageID(ms.IDs.After(int64(post.Newest)))
	}
	earlier, err := tx.ClaimRequest(actor, store.MessageMaker, int64(m.ID))
	if err != nil {
		return Sent{}, err
	}
	if earlier != 0 {
		return sentBefore(tx, actor, earlier)
	}
	m.User, m.Type, m.CreatedAt = author, messageType(m, author), tx.Now
	if err := keepFile(tx, actor, m); err != nil {
		return Sent{}, err
	}
	if m.Mentions, err = mentions(tx, m); err != nil {
		return Sent{}, err
	}
	// Whoever it was written for has written it, through whatever door.
	writer := chat.UserID(0)
	if author != nil {
		writer = author.ID
	}
	m.Seq, err = tx.Record(chat.Event{
		Application: actor.Application, Kind: chat.MessageCreated, Channel: m.Channel, Actor: writer,
		Subject: int64(m.ID), Session: actor.Session, Request: actor.Request, Message: &m,
	})
	if err != nil {
		return Sent{}, err
	}
	if err := tx.InsertMessage(m); err != nil {
		return Sent{}, err
	}
	if err := ms.notice(tx, m, post); err != nil {
		return Sent{}, err
	}
	if post.Hidden {
		err = channels.Resurface(tx, actor, m.Channel)
	}
	return Sent{Message: m}, err
}

// repeated finds the message that the actor's request made before.
func repeated(tx *store.Tx, actor chat.Actor) (Sent, bool) {
	earlier, err := tx.EarlierRequest(actor, store.MessageMaker)
	if err != nil || earlier == 0 {
		return Sent{}, false
	}
	old, err := sentBefore(tx, actor, earlier)
	return old, err == nil
}

func sentBefore(tx *store.Tx, actor chat.Actor, id int64) (Sent, error) {
	m, err := tx.Message(actor.Application, chat.MessageID(id))
	if err != nil {
		return Sent{}, store.OrRefuse(err, chat.ErrUnknownMessage)
	}
	return Sent{Message: m, Repeated: true}, nil
}

// Retrieve finds a message in a channel that the actor may read: the
// application reads all, a user where he is a member or the channel is public.
// Lists leave some messages out for him; who refers to one of those, as a reply
// does to its parent, still finds it, since the SDKs show no reply whose parent
// they cannot fetch.
func (ms *Messages) Retrieve(ctx context.Context, actor chat.Actor, id chat.MessageID) (m chat.Message, err error) {
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		if m, _, _, err = seen(tx, actor, id); err != nil {
			return err
		}
		return tx.HideReplies(actor.User, []*chat.Message{&m})
	})
	if err != nil {
		return chat.Message{}, err
	}
	return m, nil
}

// Parent finds the message that another one answers. Of a parent that has been
// deleted it gives what is left: the SDKs show no reply whose parent they cannot
// fetch, and may be told of the reply before the parent goes.
func (ms *Messages) Parent(ctx context.Context, actor chat.Actor, reply chat.MessageID) (parent chat.Message, err error) {
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		m, _, _, err := seen(tx, actor, reply)
		if err != nil {
			return err
		}
		id, err := tx.ParentOf(m.ID)
		if err != nil {
			return err
		}
		if parent, err = tx.Message(actor.Application, id); err == nil {
			return tx.HideReplies(actor.User, []*chat.Message{&parent})
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		remains, err := tx.RemainsByID(actor.Application, []chat.MessageID{id})
		if parent = remains[id]; err == nil && parent.ID == 0 {
			err = chat.ErrUnknownMessage
		}
		return err
	})
	return parent, err
}

// List lists the messages of a channel, the replies to a message, what is in a
// thread or, for the application alone, messages of all channels, newest first;
// with a Query those that a search finds.
func (ms *Messages) List(ctx context.Context, actor chat.Actor, f chat.MessageFilter, c chat.Cursor) (p chat.CursorPage[chat.Message], err error) {
	if err := checkType(f.Type); err != nil {
		return p, err
	}
	if err := checkQuery(&f); err != nil {
		return p, err
	}
	f.Application, f.Viewer = actor.Application, actor.User
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		if err := resolve(tx, actor, &f); err != nil {
			return err
		}
		if f.Query != "" {
			p, err = searchPage(tx, f, c)
			return err
		}
		p, err = page(c, list{
			read: func(from, before int64, limit int) ([]chat.Message, error) {
				return tx.ListMessages(f, from, before, limit)
			},
			cursor: f.Cursor,
			count:  func() (int64, error) { return tx.CountMessages(f, chat.MaxTotal) },
		})
		return err
	})
	return p, err
}

// ListOwn lists the messages of all channels of the acting user, newest first,
// but for those that he has hidden. Its cursors are the messages' identifiers.
func (ms *Messages) ListOwn(ctx context.Context, actor chat.Actor, t chat.MessageType, c chat.Cursor) (p chat.CursorPage[chat.Message], err error) {
	if actor.IsApplication() {
		return p, chat.ErrForbidden
	}
	if err := checkType(t); err != nil {
		return p, err
	}
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		p, err = page(c, list{
			read: func(from, before int64, limit int) ([]chat.Message, error) {
				return tx.UserMessages(actor.Application, actor.User, t, chat.MessageID(from), chat.MessageID(before), limit)
			},
			cursor: func(m chat.Message) int64 { return int64(m.ID) },
		})
		return err
	})
	return p, err
}

// checkType refuses a filter by what is no type.
func checkType(t chat.MessageType) error {
	if t != "" && t != chat.TextMessage && t != chat.FileMessage {
		return chat.Invalidf("type", "must be TEXT or FILE")
	}
	return nil
}

// list is a newest-first list with a cursor for each message.
type list struct {
	// read gives up to limit messages: from a cursor on, zero for the newest, or
	// the nearest ones before another.
	read   func(from, before int64, limit int) ([]chat.Message, error)
	cursor func(chat.Message) int64
	// count counts them, for callers who want the total.
	count func() (int64, error)
}

func page(c chat.Cursor, l list) (chat.CursorPage[chat.Message], error) {
	c.Size = chat.ClampSize(c.Size)
	p := chat.CursorPage[chat.Message]{Size: c.Size, Next: c.Before}
	if c.Total {
		total, err := l.count()
		if err != nil {
			return p, err
		}
		p.Total = &total
	}
	limit := c.Size
	if c.Before == 0 {
		limit++ // one more tells whether there is a next page
	}
	items, err := l.read(c.From, c.Before, limit)
	if err != nil || len(items) == 0 {
		p.Items = items
		return p, err
	}
	if len(items) > c.Size {
		p.Next = l.cursor(items[c.Size])
		items = items[:c.Size]
	}
	p.Items, p.First = items, l.cursor(items[0])
	if c.From != 0 || c.Before != 0 {
		newer, err := l.read(0, p.First, 1)
		p.Newer = len(newer) > 0
		return p, err
	}
	return p, nil
}
