package channels

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/store"
)

// CreateInput is what Create needs.
type CreateInput struct {
	Type chat.ChannelType
	// Name is for public and private channels; a random one where empty.
	Name string
	// DisplayName is the name where empty.
	DisplayName string
	Properties  json.RawMessage
	// Creator is for the application, which may create for a user; a user
	// creates for himself.
	Creator chat.UserRef
	Members []chat.UserRef
	// CreatedAt is for an importer: when it was; now where it is zero.
	CreatedAt time.Time
}

// Created is a channel that was made or, where an equivalent one was there
// before, found.
type Created struct {
	chat.View
	Existed bool
}

// errNameTaken refuses a channel whose name belongs to one that is not
// equivalent.
var errNameTaken = &chat.Error{Code: chat.Conflict, Reason: "ChannelNameTakenError", Message: "There is another channel with this name.", Field: "name"}

// Create makes a channel with its first members. There is one direct channel
// per set of members, and one public or private channel per name: an
// equivalent channel is returned as it is. One without a name is recognised by
// the actor's request.
func (cs *Channels) Create(ctx context.Context, actor chat.Actor, in CreateInput) (out Created, err error) {
	add, err := cs.BeginChannel(actor, in)
	if err != nil {
		return out, err
	}
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		out, err = add(tx)
		return err
	})
	return out, err
}

// BeginChannel is Create as part of an update that does more: it checks the
// input and gives what makes the channel.
func (cs *Channels) BeginChannel(actor chat.Actor, in CreateInput) (add func(*store.Tx) (Created, error), err error) {
	properties, err := in.check(actor)
	if err != nil {
		return nil, err
	}
	id := chat.ChannelID(cs.IDs.Next())
	name := in.Name
	if name == "" {
		name = ident.UUID() // as the Platform API promises
	}
	return func(tx *store.Tx) (Created, error) {
		c := chat.Channel{ID: id, Application: actor.Application, Type: in.Type, Properties: properties}
		var err error
		if c.CreatedAt, err = chat.CreationTime(actor, in.CreatedAt, tx.Now); err != nil {
			return Created{}, err
		}
		members, creator, err := in.resolve(tx, actor)
		if err != nil {
			return Created{}, err
		}
		if in.Name == "" && in.Type != chat.Direct {
			earlier, err := tx.ClaimRequest(actor, store.ChannelMaker, int64(id))
			if err != nil {
				return Created{}, err
			}
			if earlier != 0 {
				return found(tx, actor, chat.ChannelID(earlier))
			}
		}
		if c.Type == chat.Direct {
			c.Members = members
		} else {
			c.Name, c.DisplayName = name, in.DisplayName
			if c.DisplayName == "" {
				c.DisplayName = c.Name
			}
		}
		c.Creator = creator
		return create(tx, actor, c, members)
	}, nil
}

func (in CreateInput) check(actor chat.Actor) (chat.Properties, error) {
	if !in.Type.Valid() {
		return "", chat.Invalidf("type", "must be DIRECT, PUBLIC or PRIVATE")
	}
	if len(in.Members) > chat.MaxInitialMembers {
		return "", chat.Invalidf("members", "must not name more than %d users", chat.MaxInitialMembers)
	}
	if in.Type == chat.Direct && len(in.Members) == 0 {
		return "", chat.Invalidf("members", "a direct channel needs members")
	}
	for _, m := range in.Members {
		if m.IsZero() {
			return "", chat.Invalidf("members", "must name each user by id or username")
		}
	}
	if err := chat.CheckOptionalText("name", in.Name, chat.MaxChannelName); err != nil {
		return "", err
	}
	if err := chat.CheckOptionalText("displayName", in.DisplayName, chat.MaxDisplayName); err != nil {
		return "", err
	}
	if !actor.IsApplication() && !in.Creator.IsZero() {
		return "", chat.Invalidf("creator", "is the user himself")
	}
	return chat.ParseProperties(in.Properties)
}

// resolve finds the first members, the creator included, by name and each once.
func (in CreateInput) resolve(tx *store.Tx, actor chat.Actor) (members []chat.User, creator *chat.User, err error) {
	ref := in.Creator
	if !actor.IsApplication() {
		ref = chat.UserRef{ID: actor.User}
		app, err := tx.Application(actor.Application)
		if err != nil {
			return nil, nil, err
		}
		if app.Settings.UserCreatedChannels != chat.Enabled {
			return nil, nil, &chat.Error{Code: chat.Forbidden, Reason: "UserCreatedChannelsDisabledError", Message: "In this application users may not create channels."}
		}
	}
	refs := in.Members
	if !ref.IsZero() {
		refs = append([]chat.UserRef{ref}, refs...)
	}
	for i, r := range refs {
		u, err := resolve(tx, actor.Application, r)
		if err != nil {
			return nil, nil, err
		}
		if i == 0 && !ref.IsZero() {
			creator = &u
		}
		if !slices.ContainsFunc(members, func(m chat.User) bool { return m.ID == u.ID }) {
			members = append(members, u)
		}
	}
	slices.SortFunc(members, func(a, b chat.User) int { return strings.Compare(a.Name, b.Name) })
	if in.Type == chat.Direct && (len(members) < 2 || len(members) > chat.MaxDirectMembers) {
		return nil, nil, chat.Invalidf("members", "a direct channel has 2 to %d members", chat.MaxDirectMembers)
	}
	return members, creator, nil
}

// create writes a channel and its members, or finds the equivalent one.
func create(tx *store.Tx, actor chat.Actor, c chat.Channel, members []chat.User) (Created, error) {
	key := ""
	if c.Type == chat.Direct {
		ids := make([]chat.UserID, len(members))
		for i, m := range members {
			ids[i] = m.ID
		}
		key = chat.DirectKey(ids)
		if !actor.IsApplication() {
			if err := checkNobodyBlocks(tx, actor.User, ids); err != nil {
				return Created{}, err
			}
		}
	}
	err := tx.InsertChannel(c, key)
	if errors.Is(err, store.ErrDuplicate) {
		return existing(tx, actor, c, key)
	}
	if err != nil {
		return Created{}, err
	}
	if err := record(tx, actor, chat.ChannelCreated, &c, c.Creator); err != nil {
		return Created{}, err
	}
	// The creation completes the request, not the joining of others.
	actor.Request = ""
	for i := range members {
		m := &members[i]
		if err := tx.InsertMember(chat.Member{Channel: c.ID, User: m.ID, JoinedAt: tx.Now}); err != nil {
			return Created{}, err
		}
		if c.Creator != nil && m.ID == c.Creator.ID {
			continue // ChannelCreated tells of the creator
		}
		if err := record(tx, actor, chat.MemberJoined, &c, m); err != nil {
			return Created{}, err
		}
	}
	return Created{View: chat.View{Channel: c, Member: !actor.IsApplication()}}, nil
}

// existing finds the channel that stands in the way of c: the same one in all
// but its id, or a stranger with its name.
func existing(tx *store.Tx, actor chat.Actor, c chat.Channel, key string) (out Created, err error) {
	var old chat.Channel
	if c.Type == chat.Direct {
		old, err = tx.DirectChannel(c.Application, key)
	} else {
		old, err = tx.ChannelByName(c.Application, c.Name)
	}
	if err != nil {
		return out, err
	}
	out, err = found(tx, actor, old.ID)
	if errors.Is(err, chat.ErrUnknownChannel) || (err == nil && old.Type != c.Type) {
		return Created{}, errNameTaken
	}
	return out, err
}

// found is a channel that was there before.
func found(tx *store.Tx, actor chat.Actor, id chat.ChannelID) (Created, error) {
	c, member, err := Allowed(tx, actor, id, chat.OpSee)
	if err != nil {
		return Created{}, err
	}
	v, err := view(tx, actor, c, member)
	if err == nil && c.Type == chat.Direct && member {
		quiet := actor
		quiet.Request = ""
		err = unhide(tx, quiet, v.Channel, actor.User)
	}
	return Created{View: v, Existed: true}, err
}
