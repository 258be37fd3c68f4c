package channels_test

import (
	"testing"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
)

func TestModeratorsManage(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob, eve := w.User("ann"), w.User("bob"), w.User("eve")
		room := w.Channel(chat.Private, "room", ann, bob)
		if _, changed, err := w.Channels.Invite(t.Context(), w.As(bob), room.ID, chat.UserRef{Name: "eve"}); err != nil || !changed {
			t.Fatal(changed, err)
		}
		want(t, "news of an invitation", w.News(), "member.joined")
		appoint := func(actor chat.Actor, u chat.User, on bool) func() error {
			return func() error {
				_, _, _, err := w.Channels.SetModerator(t.Context(), actor, room.ID, chat.UserRef{ID: u.ID}, on)
				return err
			}
		}
		w.Refused("a member's appointing", apptest.Reason("NotAChannelModeratorError"), appoint(w.As(bob), eve, true))
		w.Refused("appointing a stranger", apptest.Reason("UserNotAMemberError"), appoint(w.As(ann), w.User("zoe"), true))
		if err := appoint(w.As(ann), bob, true)(); err != nil {
			t.Fatal(err)
		}
		want(t, "news of an appointment", w.News(), "moderator.added")
		if err := appoint(w.As(bob), bob, true)(); err != nil {
			t.Fatal(err)
		}
		want(t, "news of appointing again", w.News(), "")

		b, _, err := w.Channels.Block(t.Context(), w.As(bob), room.ID, chat.UserRef{ID: eve.ID})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "news of a block", w.News(), "channel.blocked member.left")
		w.Refused("inviting the blocked", chat.ErrBlockedInChannel, func() error {
			_, _, err := w.Channels.Invite(t.Context(), w.As(ann), room.ID, chat.UserRef{ID: eve.ID})
			return err
		})
		w.Refused("blocking the creator", apptest.Reason("ChannelCreatorError"), func() error {
			_, _, err := w.Channels.Block(t.Context(), w.As(bob), room.ID, chat.UserRef{ID: ann.ID})
			return err
		})
		list, err := w.Channels.ListBlocks(t.Context(), w.As(ann), room.ID, chat.UserFilter{DisplayNameContains: "EV"}, chat.PageRequest{Size: 5})
		if err != nil || len(list.Items) != 1 || list.Items[0].ID != b.ID || list.Items[0].User.ID != eve.ID {
			t.Errorf("blocks: %+v %v", list, err)
		}
		if _, err := w.Channels.Unblock(t.Context(), w.As(bob), b.ID); err != nil {
			t.Fatal(err)
		}
		want(t, "news of the end of a block", w.News(), "channel.unblocked")
		if err := appoint(w.As(ann), bob, false)(); err != nil {
			t.Fatal(err)
		}
		want(t, "news of a dismissal", w.News(), "moderator.deleted")
	})
}

func TestTriggering(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room := w.Channel(chat.Public, "room", ann)
		for _, actor := range []chat.Actor{w.As(ann), w.Owner()} {
			if _, err := w.Channels.Trigger(t.Context(), actor, room.ID, "wave", []byte(`{"hand":"left"}`)); err != nil {
				t.Fatal(err)
			}
		}
		want(t, "news", w.News(), "event.triggered event.triggered")
		w.Refused("by a stranger", chat.ErrNotAMember, func() error {
			_, err := w.Channels.Trigger(t.Context(), w.As(bob), room.ID, "wave", nil)
			return err
		})
	})
}

func TestMutingAndHiding(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		direct, room := w.Channel(chat.Direct, "", ann, bob), w.Channel(chat.Public, "room", ann)
		for _, on := range []bool{true, true, false} {
			if _, _, err := w.Channels.Mute(t.Context(), w.As(ann), direct.ID, on); err != nil {
				t.Fatal(err)
			}
		}
		want(t, "news of muting", w.News(), "channel.muted channel.unmuted")
		hide := func(c chat.Channel) func() error {
			return func() error {
				_, _, err := w.Channels.Hide(t.Context(), w.As(ann), c.ID)
				return err
			}
		}
		w.Refused("hiding a group", apptest.Reason("ChannelNotHideableError"), hide(room))
		if err := hide(direct)(); err != nil {
			t.Fatal(err)
		}
		want(t, "news of hiding", w.News(), "channel.hidden")
		if _, err := w.Messages.Send(t.Context(), w.As(bob), messages.SendInput{Channel: direct.ID, Body: "hi"}); err != nil {
			t.Fatal(err)
		}
		want(t, "news of a message", w.News(), "message.created channel.unhidden")
	})
}

func TestAHistoryIsClearedForOneMember(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob, eve := t.Context(), w.User("ann"), w.User("bob"), w.User("eve")
		room := w.Channel(chat.Public, "room", ann, bob)
		say := func(body string) chat.Message {
			sent, err := w.Messages.Send(ctx, w.As(bob), messages.SendInput{Channel: room.ID, Body: body})
			if err != nil {
				t.Fatal(err)
			}
			w.News()
			return sent.Message
		}
		clear := func(u chat.User) (chat.View, bool, error) { return w.Channels.ClearHistory(ctx, w.As(u), room.ID) }
		newest := func(u chat.User) string {
			v, err := w.Channels.Retrieve(ctx, w.As(u), room.ID)
			if err != nil {
				t.Fatal(err)
			}
			if v.Channel.LastMessage == nil {
				return ""
			}
			return v.Channel.LastMessage.Body
		}
		say("one")
		two := say("two")
		w.Refused("a stranger's clearing", chat.ErrNotAMember, func() error {
			_, _, err := clear(eve)
			return err
		})
		for i, changed := range []bool{true, false} {
			v, did, err := clear(ann)
			if err != nil || did != changed || !v.Member || v.Channel.LastMessage != nil {
				t.Errorf("time %d: %+v %v %v", i, v, did, err)
			}
		}
		want(t, "news", w.News(), "history.cleared")
		want(t, "her newest", newest(ann), "")
		want(t, "his newest", newest(bob), "two")
		unread, err := w.Messages.CountUnread(ctx, w.As(ann), ann.ID)
		if err != nil || unread != 0 {
			t.Errorf("%d unread messages: %v", unread, err)
		}
		p, err := w.Messages.ListReceipts(ctx, w.As(bob), two.ID, chat.PageRequest{})
		if err != nil || p.Total != 0 {
			t.Errorf("clearing was reading: %+v %v", p, err)
		}
		say("three")
		want(t, "her newest of the later ones", newest(ann), "three")
		if unread, err = w.Messages.CountUnread(ctx, w.As(ann), ann.ID); err != nil || unread != 1 {
			t.Errorf("%d unread messages later: %v", unread, err)
		}
		// Who comes back begins anew, as others who come do.
		if _, err := w.Channels.Leave(ctx, w.As(ann), room.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.Channels.Join(ctx, w.As(ann), room.ID); err != nil {
			t.Fatal(err)
		}
		list, err := w.Messages.List(ctx, w.As(ann), chat.MessageFilter{Channel: room.ID}, chat.Cursor{})
		if err != nil || len(list.Items) != 3 {
			t.Errorf("after coming back: %+v %v", list, err)
		}
	})
}

func TestUsersWhoBlockEachOther(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		direct := w.Channel(chat.Direct, "", ann, bob)
		for range 2 {
			if _, _, err := w.Accounts.BlockUser(t.Context(), w.As(ann), bob.ID); err != nil {
				t.Fatal(err)
			}
		}
		want(t, "news of a block", w.News(), "user.blocked")
		for _, u := range []chat.User{ann, bob} {
			w.Refused("a direct message", chat.ErrUserBlocked, func() error {
				_, err := w.Messages.Send(t.Context(), w.As(u), messages.SendInput{Channel: direct.ID, Body: "hi"})
				return err
			})
			w.Refused("a direct channel", chat.ErrUserBlocked, func() error {
				_, err := w.Channels.Create(t.Context(), w.As(u), channels.CreateInput{Type: chat.Direct, Members: refs(ann, bob)})
				return err
			})
		}
		if _, err := w.Accounts.UnblockUser(t.Context(), w.As(ann), bob.ID); err != nil {
			t.Fatal(err)
		}
		want(t, "news of its end", w.News(), "user.unblocked")
		w.Refused("ending it again", chat.ErrUnknownResource, func() error {
			_, err := w.Accounts.UnblockUser(t.Context(), w.As(ann), bob.ID)
			return err
		})
	})
}

// Nobody but the application takes a channel from its creator, who has his
// rights for as long as he is a member.
func TestTheCreatorAndHisModerators(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob, eve := w.User("ann"), w.User("bob"), w.User("eve")
		room := w.Channel(chat.Public, "room", ann, bob, eve)
		appoint := func(actor chat.Actor, u chat.User, on bool) error {
			_, _, _, err := w.Channels.SetModerator(t.Context(), actor, room.ID, chat.UserRef{ID: u.ID}, on)
			return err
		}
		remove := func(actor chat.Actor, ref chat.UserRef) func() error {
			return func() error {
				_, err := w.Channels.RemoveMember(t.Context(), actor, room.ID, ref)
				return err
			}
		}
		for _, u := range []chat.User{bob, ann, eve} {
			if err := appoint(w.As(ann), u, true); err != nil {
				t.Fatal(err)
			}
		}
		w.Refused("a moderator's removing the creator", apptest.Reason("ChannelCreatorError"), remove(w.As(bob), chat.UserRef{Name: "ann"}))
		w.Refused("a moderator's dismissing the creator", apptest.Reason("ChannelCreatorError"), func() error { return appoint(w.As(bob), ann, false) })
		// Moderators are equals.
		if err := appoint(w.As(bob), eve, false); err != nil {
			t.Error(err)
		}
		if err := remove(w.As(bob), chat.UserRef{ID: eve.ID})(); err != nil {
			t.Error(err)
		}
		// The creator is nobody while he is away, and himself when he is back.
		if err := remove(w.Owner(), chat.UserRef{ID: ann.ID})(); err != nil {
			t.Fatal(err)
		}
		w.Refused("removing by a creator who has left", apptest.Reason("NotAChannelModeratorError"), remove(w.As(ann), chat.UserRef{ID: bob.ID}))
		w.Refused("blocking a creator who has left", apptest.Reason("ChannelCreatorError"), func() error {
			_, _, err := w.Channels.Block(t.Context(), w.As(bob), room.ID, chat.UserRef{ID: ann.ID})
			return err
		})
		if _, _, err := w.Channels.Join(t.Context(), w.As(ann), room.ID); err != nil {
			t.Fatal(err)
		}
		if err := remove(w.As(ann), chat.UserRef{ID: bob.ID})(); err != nil {
			t.Error(err)
		}
	})
}

// Who is blocked in a public channel sees that it is there, and no more of it.
func TestTheBlockedReadNothing(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob := t.Context(), w.User("ann"), w.User("bob")
		room, secret := w.Channel(chat.Public, "room", ann, bob), w.Channel(chat.Private, "secret", ann, bob)
		said, err := w.Messages.Send(ctx, w.As(ann), messages.SendInput{Channel: room.ID, Body: "x"})
		if err != nil {
			t.Fatal(err)
		}
		var hidden chat.ChannelBlock
		for _, c := range []chat.Channel{room, secret} {
			if hidden, _, err = w.Channels.Block(ctx, w.As(ann), c.ID, chat.UserRef{ID: bob.ID}); err != nil {
				t.Fatal(err)
			}
		}
		for _, e := range w.Events() {
			if e.Kind == chat.MemberLeft && e.Data != chat.LeftBlocked {
				t.Errorf("why he left: %q", e.Data)
			}
		}
		w.Refused("reading a message", chat.ErrBlockedInChannel, func() error {
			_, err := w.Messages.Retrieve(ctx, w.As(bob), said.Message.ID)
			return err
		})
		w.Refused("ending one's block in a channel that one does not know", chat.ErrUnknownResource, func() error {
			_, err := w.Channels.Unblock(ctx, w.As(bob), hidden.ID)
			return err
		})
		v, err := w.Channels.Retrieve(ctx, w.As(bob), room.ID)
		if err != nil || !v.Blocked || v.Channel.LastMessage != nil {
			t.Errorf("the channel: %+v %v", v, err)
		}
		for _, joined := range []bool{false, true} {
			if n, err := w.Channels.Count(ctx, w.As(bob), chat.ChannelFilter{Joined: &joined}); err != nil || n != 0 {
				t.Errorf("joined %v: %d channels, %v", joined, n, err)
			}
		}
		all, err := w.Channels.List(ctx, w.As(bob), chat.ChannelFilter{}, chat.PageRequest{Size: 5})
		if err != nil || len(all.Items) != 1 || !all.Items[0].Blocked || all.Items[0].Channel.LastMessage != nil {
			t.Errorf("all channels: %+v %v", all, err)
		}
	})
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob, eve := t.Context(), w.User("ann"), w.User("bob"), w.User("eve")
		room := w.Channel(chat.Private, "room", ann)
		invite := func(actor chat.Actor, u chat.User) chat.ChannelInvite {
			t.Helper()
			w.Clock.Advance(1_000_000_000)
			i, _, err := w.Channels.Invite(ctx, actor, room.ID, chat.UserRef{ID: u.ID})
			if err != nil || i.User.ID != u.ID || i.Channel != room.ID {
				t.Fatalf("%+v %v", i, err)
			}
			return i
		}
		first := invite(w.As(ann), bob)
		if again := invite(w.Owner(), bob); !again.CreatedAt.Equal(first.CreatedAt) {
			t.Errorf("inviting a member again is another invitation: %v", again)
		}
		invite(w.As(bob), eve)
		if _, err := w.Channels.Leave(ctx, w.As(bob), room.ID); err != nil {
			t.Fatal(err)
		}
		if later := invite(w.As(ann), bob); !later.CreatedAt.After(first.CreatedAt) {
			t.Errorf("inviting who has left is no new invitation: %v", later)
		}
		list, err := w.Channels.ListInvites(ctx, w.As(ann), room.ID, chat.PageRequest{Size: 5})
		if err != nil || list.Total != 2 || list.Items[0].User.Name != "eve" || list.Items[1].User.Name != "bob" {
			t.Errorf("invitations: %+v %v", list, err)
		}
		zoe := w.User("zoe")
		w.Refused("a stranger's looking at them", chat.ErrUnknownChannel, func() error {
			_, err := w.Channels.ListInvites(ctx, w.As(zoe), room.ID, chat.PageRequest{})
			return err
		})
	})
}

func TestTheApplicationAppointsWhomItLikes(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob := t.Context(), w.User("ann"), w.User("bob")
		room := w.Channel(chat.Private, "room", ann)
		appoint := func(on bool) error {
			_, u, _, err := w.Channels.SetModerator(ctx, w.Owner(), room.ID, chat.UserRef{Name: "bob"}, on)
			if err == nil && u.ID != bob.ID {
				t.Errorf("appointed was %+v", u)
			}
			return err
		}
		w.Refused("dismissing a stranger", chat.ErrUnknownUser, func() error { return appoint(false) })
		if err := appoint(true); err != nil {
			t.Fatal(err)
		}
		want(t, "news", w.News(), "member.joined moderator.added")
		if err := appoint(false); err != nil {
			t.Fatal(err)
		}
		want(t, "news", w.News(), "moderator.deleted")
		if _, _, err := w.Channels.Block(ctx, w.As(ann), room.ID, chat.UserRef{ID: bob.ID}); err != nil {
			t.Fatal(err)
		}
		w.Refused("appointing the blocked", chat.ErrBlockedInChannel, func() error { return appoint(true) })
	})
}
