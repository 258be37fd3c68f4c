package channels_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/chat"
)

func TestJoiningAndLeaving(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room := w.Channel(chat.Public, "room", ann)
		v, changed, err := w.Channels.Join(t.Context(), w.As(bob), room.ID)
		if err != nil || !changed || !v.Member || v.Channel.ID != room.ID {
			t.Errorf("join: %+v %v %v", v, changed, err)
		}
		want(t, "members", members(t, w, room.ID), "ann bob")
		events := w.Events()
		if len(events) != 1 || events[0].Kind != chat.MemberJoined || events[0].Target != bob.ID || events[0].Actor != bob.ID || events[0].User.Name != "bob" {
			t.Errorf("events: %+v", events)
		}
		v, changed, err = w.Channels.Join(t.Context(), w.As(bob), room.ID)
		if err != nil || changed || !v.Member {
			t.Errorf("join again: %+v %v %v", v, changed, err)
		}
		want(t, "news of joining again", w.News(), "")

		v, err = w.Channels.Leave(t.Context(), w.As(bob), room.ID)
		if err != nil || v.Member {
			t.Errorf("leave: %+v %v", v, err)
		}
		want(t, "members", members(t, w, room.ID), "ann")
		want(t, "news of leaving", w.News(), "member.left")
		w.Refused("leaving again", chat.ErrNotAMember, func() error {
			_, err := w.Channels.Leave(t.Context(), w.As(bob), room.ID)
			return err
		})
	})
}

func TestWhoMayNotJoinOrLeave(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob, eve := w.User("ann"), w.User("bob"), w.User("eve")
		stranger := w.UserOf(w.Application("other").Application.ID, "stranger")
		public, private, direct := w.Channel(chat.Public, "public", ann), w.Channel(chat.Private, "private", ann), w.Channel(chat.Direct, "", ann, bob)
		join := func(who chat.Actor, c chat.ChannelID) func() error {
			return func() error {
				_, _, err := w.Channels.Join(t.Context(), who, c)
				return err
			}
		}
		leave := func(who chat.Actor, c chat.ChannelID) func() error {
			return func() error {
				_, err := w.Channels.Leave(t.Context(), who, c)
				return err
			}
		}
		w.Refused("joining a private channel, which he does not know of", chat.ErrUnknownChannel, join(w.As(eve), private.ID))
		w.Refused("joining others' direct channel", chat.ErrUnknownChannel, join(w.As(eve), direct.ID))
		w.Refused("joining another application's", chat.ErrUnknownChannel, join(w.As(stranger), public.ID))
		w.Refused("joining what is not there", chat.ErrUnknownChannel, join(w.As(eve), 1))
		w.Refused("the application's joining", chat.ErrForbidden, join(w.Owner(), public.ID))
		w.Refused("leaving a direct channel", apptest.Reason("DirectChannelMembersError"), leave(w.As(ann), direct.ID))
		w.Refused("leaving what he does not know of", chat.ErrUnknownChannel, leave(w.As(eve), private.ID))
		w.Refused("leaving where he is not", chat.ErrNotAMember, leave(w.As(eve), public.ID))
	})
}

func TestMembersAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room := w.Channel(chat.Private, "room", ann)
		for _, add := range []struct {
			what  string
			actor chat.Actor
			ref   chat.UserRef
			news  string
		}{
			{"by the creator", w.As(ann), chat.UserRef{ID: bob.ID}, "member.joined"},
			{"again", w.As(ann), chat.UserRef{ID: bob.ID}, ""},
			{"again by the application, by name", w.Owner(), chat.UserRef{Name: "bob"}, ""},
		} {
			v, err := w.Channels.AddMember(t.Context(), add.actor, room.ID, add.ref)
			if err != nil || v.Channel.ID != room.ID {
				t.Errorf("%s: %+v %v", add.what, v, err)
			}
			want(t, add.what+": news", w.News(), add.news)
			want(t, add.what+": members", members(t, w, room.ID), "ann bob")
		}
		if _, err := w.Channels.RemoveMember(t.Context(), w.As(ann), room.ID, chat.UserRef{ID: bob.ID}); err != nil {
			t.Fatal(err)
		}
		events := w.Events()
		if len(events) != 1 || events[0].Kind != chat.MemberLeft || events[0].Actor != ann.ID || events[0].Target != bob.ID {
			t.Errorf("events of the removal: %+v", events)
		}
		want(t, "members after the removal", members(t, w, room.ID), "ann")
		w.Refused("removing again", chat.ErrUnknownUser, func() error {
			_, err := w.Channels.RemoveMember(t.Context(), w.Owner(), room.ID, chat.UserRef{Name: "bob"})
			return err
		})
	})
}

func TestWhoMayNotAddOrRemove(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob, eve := w.User("ann"), w.User("bob"), w.User("eve")
		stranger := w.UserOf(w.Application("other").Application.ID, "stranger")
		public, private, direct := w.Channel(chat.Public, "public", ann, bob), w.Channel(chat.Private, "private", ann, bob), w.Channel(chat.Direct, "", ann, bob)
		foreign := chat.Actor{Application: stranger.Application}
		for _, c := range []struct {
			what    string
			actor   chat.Actor
			channel chat.ChannelID
			user    chat.User
			reason  error
		}{
			{"by somebody who does not know of it", w.As(eve), private.ID, eve, chat.ErrUnknownChannel},
			{"another application's user", w.Owner(), public.ID, stranger, chat.ErrUnknownUser},
			{"in another application's channel", foreign, public.ID, stranger, chat.ErrUnknownChannel},
			{"in no channel", w.Owner(), 1, eve, chat.ErrUnknownChannel},
			{"nobody", w.Owner(), public.ID, chat.User{ID: 1}, chat.ErrUnknownUser},
		} {
			w.Refused("adding "+c.what, c.reason, func() error {
				_, err := w.Channels.AddMember(t.Context(), c.actor, c.channel, chat.UserRef{ID: c.user.ID})
				return err
			})
			w.Refused("removing "+c.what, c.reason, func() error {
				_, err := w.Channels.RemoveMember(t.Context(), c.actor, c.channel, chat.UserRef{ID: c.user.ID})
				return err
			})
		}
		for _, actor := range []chat.Actor{w.As(ann), w.Owner()} {
			w.Refused("adding in a direct channel", apptest.Reason("ChannelNotInvitableError"), func() error {
				_, err := w.Channels.AddMember(t.Context(), actor, direct.ID, chat.UserRef{ID: eve.ID})
				return err
			})
			w.Refused("removing in a direct channel", apptest.Reason("DirectChannelMembersError"), func() error {
				_, err := w.Channels.RemoveMember(t.Context(), actor, direct.ID, chat.UserRef{ID: bob.ID})
				return err
			})
		}
		w.Refused("adding by a stranger", chat.ErrNotAMember, func() error {
			_, err := w.Channels.AddMember(t.Context(), w.As(eve), public.ID, chat.UserRef{ID: eve.ID})
			return err
		})
		w.Refused("removing by a mere member", apptest.Reason("NotAChannelModeratorError"), func() error {
			_, err := w.Channels.RemoveMember(t.Context(), w.As(bob), public.ID, chat.UserRef{ID: ann.ID})
			return err
		})
	})
}

// Who names himself leaves, however he names himself.
func TestWhoRemovesHimselfLeaves(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room := w.Channel(chat.Private, "room", ann, bob)
		for _, c := range []struct {
			who chat.User
			ref chat.UserRef
		}{{bob, chat.UserRef{Name: "bob"}}, {ann, chat.UserRef{ID: ann.ID}}} {
			if _, err := w.Channels.RemoveMember(t.Context(), w.As(c.who), room.ID, c.ref); err != nil {
				t.Errorf("%s: %v", c.who.Name, err)
			}
		}
		want(t, "members", members(t, w, room.ID), "")
	})
}

func TestMembershipIsSeenByWhoSeesTheChannel(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob, eve := w.User("ann"), w.User("bob"), w.User("eve")
		private, public := w.Channel(chat.Private, "private", ann, bob), w.Channel(chat.Public, "public", bob)
		is := func(actor chat.Actor, c chat.ChannelID, u chat.User) string {
			is, err := w.Channels.CheckMember(t.Context(), actor, c, u.ID)
			return fmt.Sprint(is, " ", chat.CodeOf(err) == chat.NotFound)
		}
		want(t, "by a member", is(w.As(ann), private.ID, bob), "true false")
		want(t, "by the application", is(w.Owner(), private.ID, eve), "false false")
		want(t, "by a stranger", is(w.As(eve), private.ID, bob), "false true")
		want(t, "of a public channel, by a stranger", is(w.As(eve), public.ID, bob), "true false")
		_, err := w.Channels.ListMembers(t.Context(), w.As(eve), private.ID, chat.PageRequest{Size: 5})
		want(t, "the list, for a stranger", string(chat.CodeOf(err)), string(chat.NotFound))

		ids, err := w.Channels.Memberships(t.Context(), bob.ID)
		if diff := cmp.Diff(map[chat.ChannelID]bool{private.ID: true, public.ID: true}, set(ids)); diff != "" || err != nil {
			t.Errorf("bob's: %v %s", err, diff)
		}
	})
}

func set(ids []chat.ChannelID) map[chat.ChannelID]bool {
	out := map[chat.ChannelID]bool{}
	for _, id := range ids {
		out[id] = true
	}
	return out
}
