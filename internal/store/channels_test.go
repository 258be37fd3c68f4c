package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/clock/clocktest"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

func TestChannelsAreFound(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app, other := f.application("app").ID, f.application("other").ID
		ann, bob := f.user(app, "ann"), f.user(app, "bob")
		room := f.channel(app, chat.Public, "room", ann)
		direct := f.channel(app, chat.Direct, "", bob, ann)
		f.view(func(tx *store.Tx) error {
			got, err := tx.Channel(app, room.ID)
			bare := room
			bare.Creator = &chat.User{ID: ann.ID}
			if diff := cmp.Diff(bare, got); diff != "" || err != nil {
				t.Errorf("by id: %v %s", err, diff)
			}
			got, err = tx.ChannelByName(app, "room")
			if diff := cmp.Diff(bare, got); diff != "" || err != nil {
				t.Errorf("by name: %v %s", err, diff)
			}
			got, err = tx.DirectChannel(app, chat.DirectKey([]chat.UserID{ann.ID, bob.ID}))
			want(t, "direct", got.ID, direct.ID)
			if err != nil {
				return err
			}
			_, err = tx.Channel(other, room.ID)
			wantError(t, "of another application", err, store.ErrNotFound)
			_, err = tx.ChannelByName(other, "room")
			wantError(t, "by name elsewhere", err, store.ErrNotFound)
			_, err = tx.ChannelByName(app, "")
			wantError(t, "without a name", err, store.ErrNotFound)
			_, err = tx.DirectChannel(app, "")
			wantError(t, "without members", err, store.ErrNotFound)
			return nil
		})
	})
}

func TestAChannelsNameAndMembersAreUnique(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app, other := f.application("app").ID, f.application("other").ID
		ann, bob := f.user(app, "ann"), f.user(app, "bob")
		room := f.channel(app, chat.Public, "room")
		direct := f.channel(app, chat.Direct, "", ann, bob)
		insert := func(app chat.ApplicationID, name, key string) error {
			return db.Update(t.Context(), func(tx *store.Tx) error {
				return tx.InsertChannel(chat.Channel{ID: chat.ChannelID(f.id()), Application: app, Name: name}, key)
			})
		}
		key := chat.DirectKey([]chat.UserID{ann.ID, bob.ID})
		wantError(t, "the name", insert(app, "room", ""), store.ErrDuplicate)
		wantError(t, "the members", insert(app, "", key), store.ErrDuplicate)
		wantError(t, "the name elsewhere", insert(other, "room", ""), nil)
		wantError(t, "a second without either", insert(app, "", ""), nil)
		wantError(t, "a third without either", insert(app, "", ""), nil)
		f.update(func(tx *store.Tx) error {
			wantError(t, "deleting another application's", tx.DeleteChannel(other, room.ID), store.ErrNotFound)
			if err := tx.DeleteChannel(app, room.ID); err != nil {
				return err
			}
			wantError(t, "deleting twice", tx.DeleteChannel(app, room.ID), store.ErrNotFound)
			wantError(t, "changing what is deleted", tx.UpdateChannel(room), store.ErrNotFound)
			return tx.DeleteChannel(app, direct.ID)
		})
		wantError(t, "the name after the deletion", insert(app, "room", ""), nil)
		wantError(t, "the members after the deletion", insert(app, "", key), nil)
		f.view(func(tx *store.Tx) error {
			_, err := tx.Channel(app, room.ID)
			wantError(t, "the deleted one", err, store.ErrNotFound)
			list, err := tx.ChannelsByID(app, []chat.ChannelID{room.ID})
			want(t, "the deleted one, asked for as such", len(list), 1)
			return err
		})
	})
}

func TestAChannelChanges(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("app").ID
		room := f.channel(app, chat.Public, "room")
		room.DisplayName, room.Properties = "The Room", `{"a":1}`
		f.update(func(tx *store.Tx) error {
			theirs := room
			theirs.Application = 1
			wantError(t, "of another application", tx.UpdateChannel(theirs), store.ErrNotFound)
			return tx.UpdateChannel(room)
		})
		f.view(func(tx *store.Tx) error {
			got, err := tx.Channel(app, room.ID)
			if diff := cmp.Diff(room, got); diff != "" {
				t.Error(diff)
			}
			return err
		})
	})
}

func TestListsOfChannels(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		clock := clocktest.New(at(0))
		f := newFixture(t, storetest.Open(t, store.Options{DSN: dsn, Now: clock.Now}))
		app := f.application("app").ID
		ann, bob, eve := f.user(app, "ann"), f.user(app, "bob"), f.user(app, "eve")
		made := map[string]chat.Channel{}
		for _, c := range []struct {
			kind    chat.ChannelType
			name    string
			members []chat.User
		}{
			{chat.Public, "pub-ann", []chat.User{ann}},           // made at second 0
			{chat.Public, "pub-bob", []chat.User{bob, eve}},      // 1
			{chat.Private, "priv-both", []chat.User{ann, bob}},   // 2
			{chat.Private, "priv-eve", []chat.User{eve}},         // 3
			{chat.Public, "pub-all", []chat.User{eve, ann, bob}}, // 4
		} {
			made[c.name] = f.channel(app, c.kind, c.name, c.members...)
			clock.Advance(time.Second)
		}
		f.channel(f.application("other").ID, chat.Public, "elsewhere")
		gone := f.channel(app, chat.Public, "gone", ann, bob, eve)
		f.update(func(tx *store.Tx) error { return tx.DeleteChannel(app, gone.ID) })
		f.message(made["pub-bob"], &bob, "first")
		f.message(made["priv-both"], &ann, "second")
		f.message(made["pub-bob"], &bob, "third")

		yes, no := true, false
		by := func(property string, descending bool) chat.PageRequest {
			return chat.PageRequest{Size: 10, Sort: []chat.Sort{{Property: property, Descending: descending}}}
		}
		all := chat.PageRequest{Size: 10}
		for _, c := range []struct {
			what    string
			filter  chat.ChannelFilter
			request chat.PageRequest
			names   string
			total   int64
		}{
			{"all, oldest first", chat.ChannelFilter{}, all, "[pub-ann pub-bob priv-both priv-eve pub-all]", 5},
			{"what ann may see", chat.ChannelFilter{Viewer: ann.ID}, all, "[pub-ann pub-bob priv-both pub-all]", 4},
			{"what ann is in", chat.ChannelFilter{Viewer: ann.ID, Joined: &yes}, all, "[pub-ann priv-both pub-all]", 3},
			{"what ann may join", chat.ChannelFilter{Viewer: ann.ID, Joined: &no}, all, "[pub-bob]", 1},
			{"private ones", chat.ChannelFilter{Type: chat.Private}, all, "[priv-both priv-eve]", 2},
			{"private ones for ann", chat.ChannelFilter{Type: chat.Private, Viewer: ann.ID}, all, "[priv-both]", 1},
			{"a name", chat.ChannelFilter{Name: "pub-bob"}, all, "[pub-bob]", 1},
			{"one member", chat.ChannelFilter{Members: []string{"bob"}}, all, "[pub-bob priv-both pub-all]", 3},
			{"two members", chat.ChannelFilter{Members: []string{"bob", "eve"}}, all, "[pub-bob pub-all]", 2},
			{"a member unknown", chat.ChannelFilter{Members: []string{"bob", "x"}}, all, "[]", 0},
			{"since", chat.ChannelFilter{From: at(3)}, all, "[priv-eve pub-all]", 2},
			{"until", chat.ChannelFilter{To: at(1)}, all, "[pub-ann pub-bob]", 2},
			{"between", chat.ChannelFilter{From: at(1), To: at(2)}, all, "[pub-bob priv-both]", 2},
			{"everything at once", chat.ChannelFilter{
				Viewer: ann.ID, Joined: &yes, Type: chat.Public, Name: "pub-all", Members: []string{"bob", "ann"}, From: at(4), To: at(4),
			}, all, "[pub-all]", 1},
			{"by name", chat.ChannelFilter{}, by("name", false), "[priv-both priv-eve pub-all pub-ann pub-bob]", 5},
			{"by activity", chat.ChannelFilter{}, by("activity", true), "[pub-bob priv-both pub-all priv-eve pub-ann]", 5},
			{"by newest message", chat.ChannelFilter{Type: chat.Public, Members: []string{"bob"}}, by("lastReceivedMessage.createdTime", true), "[pub-bob pub-all]", 2},
			{"paged", chat.ChannelFilter{}, chat.PageRequest{Number: 1, Size: 2}, "[priv-both priv-eve]", 5},
			{"paged, ann's", chat.ChannelFilter{Viewer: ann.ID, Joined: &yes}, chat.PageRequest{Number: 1, Size: 2}, "[pub-all]", 3},
		} {
			f.view(func(tx *store.Tx) error {
				p, err := tx.Channels(app, c.filter, c.request)
				want(t, c.what, names(p.Items, channelName), c.names)
				want(t, c.what+": total", p.Total, c.total)
				return err
			})
		}
	})
}

func TestChannelsAreCompletedTogether(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("app").ID
		ann, bob := f.user(app, "ann"), f.user(app, "bob")
		room := f.channel(app, chat.Public, "room", bob)
		direct := f.channel(app, chat.Direct, "", bob, ann)
		nobodys := f.channel(app, chat.Public, "nobody's")
		f.message(room, &ann, "old")
		newest := f.message(room, &bob, "new")
		system := f.message(direct, nil, "system")

		complete := func() (list []chat.Channel) {
			f.view(func(tx *store.Tx) (err error) {
				if list, err = tx.ChannelsByID(app, []chat.ChannelID{room.ID, direct.ID, nobodys.ID}); err != nil {
					return err
				}
				return tx.Complete(app, list)
			})
			return list
		}
		for _, c := range complete() {
			switch c.ID {
			case room.ID:
				want(t, "creator of the room", c.Creator.Name, "bob")
				want(t, "members of the room", len(c.Members), 0)
				want(t, "newest message", c.LastMessage.Body, newest.Body)
				want(t, "its author", c.LastMessage.User.Name, "bob")
				want(t, "its number", c.LastMessage.Seq, 2)
				want(t, "the room's number", c.Seq, 2)
			case direct.ID:
				want(t, "members of the direct channel", names(c.Members, userName), "[ann bob]")
				want(t, "its newest message", c.LastMessage.ID, system.ID)
				want(t, "its author", c.LastMessage.User, nil)
			case nobodys.ID:
				want(t, "creator", c.Creator, nil)
				want(t, "newest message", c.LastMessage, nil)
			}
		}

		f.update(func(tx *store.Tx) error { return tx.DeleteUser(app, bob.ID) })
		for _, c := range complete() {
			if c.ID == room.ID {
				want(t, "the creator is a tombstone", c.Creator.Deleted, true)
				want(t, "so is the author", c.LastMessage.User.Deleted, true)
			}
		}
		f.view(func(tx *store.Tx) error { return tx.Complete(app, nil) })
	})
}

func TestAListOfChannelsTakesABoundedNumberOfQueries(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("app").ID
		ann, bob := f.user(app, "ann"), f.user(app, "bob")
		queries := func(size int) (n int) {
			f.view(func(tx *store.Tx) error {
				before := store.StatementsOf(tx)
				p, err := tx.Channels(app, chat.ChannelFilter{Viewer: ann.ID}, chat.PageRequest{Size: size})
				want(t, "channels", len(p.Items), size)
				if err != nil {
					return err
				}
				err = tx.Complete(app, p.Items)
				n = store.StatementsOf(tx) - before
				return err
			})
			return n
		}
		for i := range 40 {
			kind := chat.Public
			name := fmt.Sprint("room ", i)
			members := []chat.User{ann, bob}
			if i%4 == 0 {
				kind, name = chat.Direct, ""
				members = []chat.User{ann, f.user(app, fmt.Sprint("user ", i))}
			}
			f.message(f.channel(app, kind, name, members...), &bob, "hello")
		}
		few, many := queries(2), queries(40)
		want(t, "queries for 40 channels, as for 2", many, few)
		if many > 6 {
			t.Errorf("%d queries", many)
		}
	})
}

func TestADeletedChannelIsPurgedInSteps(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("app").ID
		ann, bob, eve := f.user(app, "ann"), f.user(app, "bob"), f.user(app, "eve")
		room, other := f.channel(app, chat.Public, "room", ann, bob, eve), f.channel(app, chat.Public, "other", ann)
		for i := range 5 {
			f.message(room, &ann, fmt.Sprint(i))
		}
		kept := f.message(other, &ann, "kept")
		f.update(func(tx *store.Tx) error { return tx.DeleteChannel(app, room.ID) })
		steps := 0
		for more := true; more; steps++ {
			f.update(func(tx *store.Tx) (err error) {
				more, err = tx.PurgeChannel(room.ID, 2)
				return err
			})
		}
		want(t, "steps", steps, 3)
		f.view(func(tx *store.Tx) error {
			messages, err := tx.ListMessages(chat.MessageFilter{Channel: room.ID}, 0, 0, 10)
			want(t, "messages", len(messages), 0)
			if err != nil {
				return err
			}
			members, err := tx.Members(room.ID, chat.PageRequest{Size: 10})
			want(t, "members", members.Total, 0)
			if err != nil {
				return err
			}
			is, err := tx.IsMember(other.ID, ann.ID)
			want(t, "ann in the other", is, true)
			if err != nil {
				return err
			}
			_, err = tx.Message(app, kept.ID)
			return err
		})
	})
}
