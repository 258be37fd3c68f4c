package channels_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// create makes a channel that must not be refused.
func create(t *testing.T, w *apptest.World, actor chat.Actor, in channels.CreateInput) channels.Created {
	t.Helper()
	c, err := w.Channels.Create(t.Context(), actor, in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// refs names users by id.
func refs(users ...chat.User) (out []chat.UserRef) {
	for _, u := range users {
		out = append(out, chat.UserRef{ID: u.ID})
	}
	return out
}

// members gives the names of a channel's members.
func members(t *testing.T, w *apptest.World, id chat.ChannelID) string {
	t.Helper()
	p, err := w.Channels.ListMembers(t.Context(), w.Owner(), id, chat.PageRequest{Size: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, u := range p.Items {
		names = append(names, u.Name)
	}
	return strings.Join(names, " ")
}

func TestAUserCreatesAChannelAndIsItsFirstMember(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob, eve := w.User("ann"), w.User("bob"), w.User("eve")
		for _, kind := range []chat.ChannelType{chat.Public, chat.Private} {
			name := "room " + string(kind)
			made := create(t, w, w.As(ann), channels.CreateInput{
				Type: kind, Name: name, DisplayName: "The Room", Properties: json.RawMessage(`{ "a": 1 }`),
				Members: []chat.UserRef{{Name: "eve"}, {ID: ann.ID}, {ID: bob.ID}, {Name: "bob"}},
			})
			want(t, "news", w.News(), "channel.created member.joined member.joined")
			want(t, "members", members(t, w, made.Channel.ID), "ann bob eve")
			if made.Existed || !made.Member || made.Channel.Creator.ID != ann.ID || made.Channel.CreatedAt != apptest.Start {
				t.Errorf("made: %+v", made)
			}
			want(t, "name", made.Channel.Name, name)
			want(t, "display name", made.Channel.DisplayName, "The Room")
			want(t, "properties", string(made.Channel.Properties), `{"a":1}`)
			found, err := w.Channels.Retrieve(t.Context(), w.As(eve), made.Channel.ID)
			if diff := cmp.Diff(made.View, found); diff != "" || err != nil {
				t.Errorf("made and found: %v %s", err, diff)
			}
		}
	})
}

func TestTheEventsOfACreationTellWhoIsThere(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		actor := w.As(ann)
		actor.Session, actor.Request = 77, "r-1"
		made := create(t, w, actor, channels.CreateInput{Type: chat.Public, Name: "room", Members: refs(bob)})
		events := w.Events()
		for i, wanted := range []struct {
			kind    chat.EventKind
			target  chat.UserID
			request string
		}{{chat.ChannelCreated, ann.ID, "r-1"}, {chat.MemberJoined, bob.ID, ""}} {
			e := events[i]
			if e.Kind != wanted.kind || e.Target != wanted.target || e.User.ID != wanted.target || e.Actor != ann.ID ||
				e.Channel != made.Channel.ID || e.ChannelState.ID != made.Channel.ID || e.Session != 77 || e.Request != wanted.request || e.Application != w.App.ID {
				t.Errorf("event %d: %+v", i, e)
			}
			if e.Seq != chat.Seq(i+1) || e.ChannelState.Seq != e.Seq {
				t.Errorf("event %d has the number %d, its channel %d", i, e.Seq, e.ChannelState.Seq)
			}
		}
	})
}

func TestTheApplicationCreatesForAnybodyOrNobody(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		for _, c := range []struct {
			what, news, members string
			in                  channels.CreateInput
		}{
			{"for a user", "channel.created member.joined", "ann bob", channels.CreateInput{Type: chat.Public, Creator: chat.UserRef{Name: "ann"}, Members: refs(bob)}},
			{"for nobody", "channel.created member.joined member.joined", "ann bob", channels.CreateInput{Type: chat.Private, Members: refs(bob, ann)}},
			{"empty", "channel.created", "", channels.CreateInput{Type: chat.Private}},
			{"direct, for nobody", "channel.created member.joined member.joined", "ann bob", channels.CreateInput{Type: chat.Direct, Members: refs(ann, bob)}},
		} {
			made := create(t, w, w.Owner(), c.in)
			want(t, c.what+": news", w.News(), c.news)
			want(t, c.what+": members", members(t, w, made.Channel.ID), c.members)
			if (made.Channel.Creator == nil) != c.in.Creator.IsZero() || made.Member {
				t.Errorf("%s: %+v", c.what, made)
			}
		}
	})
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestAChannelWithoutANameGetsOne(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		made := create(t, w, w.As(w.User("ann")), channels.CreateInput{Type: chat.Public})
		if !uuid.MatchString(made.Channel.Name) {
			t.Errorf("name: %q", made.Channel.Name)
		}
		want(t, "display name", made.Channel.DisplayName, made.Channel.Name)
	})
}

func TestADirectChannelExistsOncePerSetOfMembers(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob, eve := w.User("ann"), w.User("bob"), w.User("eve")
		first := create(t, w, w.As(bob), channels.CreateInput{Type: chat.Direct, Name: "ignored", Members: refs(ann)})
		want(t, "news", w.News(), "channel.created member.joined")
		want(t, "name", first.Channel.Name+first.Channel.DisplayName, "")
		if got := first.Channel.Members; len(got) != 2 || got[0].Name != "ann" || got[1].Name != "bob" {
			t.Errorf("members: %v", got)
		}
		for what, again := range map[string]channels.Created{
			"the other way round":    create(t, w, w.As(ann), channels.CreateInput{Type: chat.Direct, Members: refs(bob)}),
			"with himself":           create(t, w, w.As(ann), channels.CreateInput{Type: chat.Direct, Members: refs(ann, bob, bob)}),
			"by the application":     create(t, w, w.Owner(), channels.CreateInput{Type: chat.Direct, Members: refs(bob, ann)}),
			"by name for somebody":   create(t, w, w.Owner(), channels.CreateInput{Type: chat.Direct, Creator: chat.UserRef{Name: "ann"}, Members: []chat.UserRef{{Name: "bob"}}}),
			"by the same once again": create(t, w, w.As(bob), channels.CreateInput{Type: chat.Direct, Members: refs(ann)}),
		} {
			if !again.Existed {
				t.Errorf("%s: made another", what)
			}
			if diff := cmp.Diff(first.Channel, again.Channel); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
		}
		want(t, "news of finding", w.News(), "")
		other := create(t, w, w.As(bob), channels.CreateInput{Type: chat.Direct, Members: refs(ann, eve)})
		if other.Existed || other.Channel.ID == first.Channel.ID {
			t.Error("another set of members has the same channel")
		}
	})
}

func TestANameStandsForOneChannel(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		public := w.Channel(chat.Public, "public", ann)
		private := w.Channel(chat.Private, "private", ann)
		taken := apptest.Reason("ChannelNameTakenError")
		for _, c := range []struct {
			what   string
			actor  chat.Actor
			kind   chat.ChannelType
			name   string
			found  chat.ChannelID // zero where the name is taken
			member bool
		}{
			{"public by a member", w.As(ann), chat.Public, "public", public.ID, true},
			{"public by a stranger", w.As(bob), chat.Public, "public", public.ID, false},
			{"private by a member", w.As(ann), chat.Private, "private", private.ID, true},
			{"private by the application", w.Owner(), chat.Private, "private", private.ID, false},
			{"private by a stranger", w.As(bob), chat.Private, "private", 0, false},
			{"of the wrong type", w.As(ann), chat.Private, "public", 0, false},
			{"of the wrong type, and not to be seen", w.As(bob), chat.Public, "private", 0, false},
		} {
			in := channels.CreateInput{Type: c.kind, Name: c.name, DisplayName: "another"}
			if c.found == 0 {
				w.Refused(c.what, taken, func() error {
					_, err := w.Channels.Create(t.Context(), c.actor, in)
					return err
				})
				continue
			}
			again := create(t, w, c.actor, in)
			if !again.Existed || again.Channel.ID != c.found || again.Member != c.member || again.Channel.DisplayName == "another" {
				t.Errorf("%s: %+v", c.what, again)
			}
			want(t, c.what+": news", w.News(), "")
		}
	})
}

func TestARepeatedRequestFindsTheChannelItMade(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		actor := w.As(w.User("ann"))
		actor.Session, actor.Request = 5, "receipt-1"
		in := channels.CreateInput{Type: chat.Private}
		first, again := create(t, w, actor, in), create(t, w, actor, in)
		if diff := cmp.Diff(first.Channel, again.Channel); diff != "" || !again.Existed || !again.Member {
			t.Errorf("%+v %s", again, diff)
		}
		want(t, "news", w.News(), "channel.created")
		actor.Request = "receipt-2"
		if create(t, w, actor, in).Channel.ID == first.Channel.ID {
			t.Error("another request found the same channel")
		}
	})
}

func TestWhatCannotBeCreated(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann := w.User("ann")
		stranger := w.UserOf(w.Application("other").Application.ID, "stranger")
		var ten []chat.User
		for i := range 10 {
			ten = append(ten, w.User(fmt.Sprint("user ", i)))
		}
		gone := w.User("gone")
		if _, err := w.Accounts.DeleteUser(t.Context(), w.Owner(), gone.ID); err != nil {
			t.Fatal(err)
		}
		invalid := apptest.Reason("InvalidRequestError")
		for _, c := range []struct {
			what   string
			actor  chat.Actor
			in     channels.CreateInput
			reason error
		}{
			{"no type", w.As(ann), channels.CreateInput{Name: "x"}, invalid},
			{"an unknown type", w.As(ann), channels.CreateInput{Type: "SECRET"}, invalid},
			{"a direct channel with eleven", w.As(ann), channels.CreateInput{Type: chat.Direct, Members: refs(ten...)}, invalid},
			{"a direct channel with nobody", w.As(ann), channels.CreateInput{Type: chat.Direct}, invalid},
			{"a direct channel with himself", w.As(ann), channels.CreateInput{Type: chat.Direct, Members: refs(ann)}, invalid},
			{"a direct channel with one", w.Owner(), channels.CreateInput{Type: chat.Direct, Members: refs(ann)}, invalid},
			{"a member unnamed", w.As(ann), channels.CreateInput{Type: chat.Public, Members: []chat.UserRef{{}}}, invalid},
			{"a member unknown", w.As(ann), channels.CreateInput{Type: chat.Public, Members: []chat.UserRef{{Name: "nobody"}}}, chat.ErrUnknownUser},
			{"a member of another application", w.As(ann), channels.CreateInput{Type: chat.Public, Members: refs(stranger)}, chat.ErrUnknownUser},
			{"a member deleted", w.As(ann), channels.CreateInput{Type: chat.Public, Members: refs(gone)}, chat.ErrUnknownUser},
			{"a member whose name cannot be", w.As(ann), channels.CreateInput{Type: chat.Public, Members: []chat.UserRef{{Name: "\x00"}}}, invalid},
			{"too many members", w.As(ann), channels.CreateInput{Type: chat.Public, Members: make([]chat.UserRef, chat.MaxInitialMembers+1)}, invalid},
			{"for somebody else", w.As(ann), channels.CreateInput{Type: chat.Public, Creator: chat.UserRef{Name: "user 1"}}, invalid},
			{"for nobody known", w.Owner(), channels.CreateInput{Type: chat.Public, Creator: chat.UserRef{Name: "nobody"}}, chat.ErrUnknownUser},
			{"by a deleted user", w.As(gone), channels.CreateInput{Type: chat.Public}, chat.ErrUnknownUser},
			{"a name too long", w.As(ann), channels.CreateInput{Type: chat.Public, Name: strings.Repeat("x", chat.MaxChannelName+1)}, invalid},
			{"a name that cannot be", w.As(ann), channels.CreateInput{Type: chat.Public, Name: "a\x00"}, invalid},
			{"a display name too long", w.As(ann), channels.CreateInput{Type: chat.Public, DisplayName: strings.Repeat("x", chat.MaxDisplayName+1)}, invalid},
			{"properties that are none", w.As(ann), channels.CreateInput{Type: chat.Public, Properties: json.RawMessage(`[]`)}, invalid},
		} {
			w.Refused(c.what, c.reason, func() error {
				_, err := w.Channels.Create(t.Context(), c.actor, c.in)
				return err
			})
		}
		made := create(t, w, w.As(ann), channels.CreateInput{Type: chat.Direct, Members: refs(ten[:9]...)})
		if n := len(made.Channel.Members); n != 10 {
			t.Errorf("a direct channel of ten has %d", n)
		}
	})
}

func TestUsersCreateChannelsOnlyWhereTheyMay(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		strict := chat.Application{ID: 99, Name: "strict", Key: "strict", ClientID: "strict", Settings: chat.Settings{UserCreatedChannels: chat.Disabled}}
		if err := w.DB.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertApplication(strict, "") }); err != nil {
			t.Fatal(err)
		}
		ann := w.UserOf(strict.ID, "ann")
		in := channels.CreateInput{Type: chat.Public, Name: "room"}
		w.Refused("by a user", apptest.Reason("UserCreatedChannelsDisabledError"), func() error {
			_, err := w.Channels.Create(t.Context(), w.As(ann), in)
			return err
		})
		create(t, w, chat.Actor{Application: strict.ID}, in)
	})
}

func TestConcurrentCreationsMakeOneChannel(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		for what, in := range map[string]channels.CreateInput{
			"of one name":           {Type: chat.Public, Name: "room"},
			"of one set of members": {Type: chat.Direct, Members: refs(ann, bob)},
		} {
			const callers = 20
			ids := make([]chat.ChannelID, callers)
			var made sync.WaitGroup
			var mu sync.Mutex
			fresh := 0
			for i := range callers {
				actor := w.As([]chat.User{ann, bob}[i%2])
				made.Go(func() {
					c, err := w.Channels.Create(t.Context(), actor, in)
					if err != nil {
						t.Error(err)
					}
					ids[i] = c.Channel.ID
					if !c.Existed {
						mu.Lock()
						fresh++
						mu.Unlock()
					}
				})
			}
			made.Wait()
			for _, id := range ids {
				if id != ids[0] {
					t.Errorf("channels %s: %v", what, ids)
					break
				}
			}
			if fresh != 1 {
				t.Errorf("%d channels %s are new", fresh, what)
			}
		}
		want(t, "news", strings.ReplaceAll(w.News(), " member.joined", ""), "channel.created channel.created")
	})
}
