package files_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/files"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/blob"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

var want = apptest.Want[string]

func take(t *testing.T, w *apptest.World, a chat.Actor, name, content string) chat.File {
	t.Helper()
	f, err := w.Files.Upload(t.Context(), a, files.UploadInput{Name: name, ContentType: "text/plain", Bytes: strings.NewReader(content)})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func show(t *testing.T, w *apptest.World, a chat.Actor, c chat.Channel, f chat.File) chat.Message {
	t.Helper()
	sent, err := w.Messages.Send(t.Context(), a, messages.SendInput{Channel: c.ID, File: &f})
	if err != nil {
		t.Fatal(err)
	}
	return sent.Message
}

func grant(t *testing.T, w *apptest.World, a chat.Actor, purpose string) string {
	t.Helper()
	g, err := w.Accounts.FileGrant(t.Context(), a, purpose)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// read gives what a grant can read under a key, or the reason why not.
func read(t *testing.T, w *apptest.World, key, grant string) string {
	t.Helper()
	f, err := w.Files.Open(t.Context(), key, grant)
	var refusal *chat.Error
	if errors.As(err, &refusal) {
		return refusal.Reason
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Bytes.Close() }()
	all, err := io.ReadAll(f.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func stored(t *testing.T, w *apptest.World, f chat.File) bool {
	t.Helper()
	_, err := w.Blobs.Stat(t.Context(), f.Key)
	if err != nil && !errors.Is(err, blob.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func TestWhoMayRead(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob, eve := w.User("ann"), w.User("bob"), w.User("eve")
		foreign := w.UserOf(w.Application("other").Application.ID, "foreign")
		room, square := w.Channel(chat.Private, "room", ann, bob), w.Channel(chat.Public, "square", ann)
		inRoom := show(t, w, w.As(ann), room, take(t, w, w.As(ann), "../a.txt", "secret"))
		want(t, "news", w.News(), "message.created")
		onSquare := show(t, w, w.As(ann), square, take(t, w, w.As(ann), "b.txt", "news"))
		want(t, "type", string(inRoom.Type), "FILE")
		want(t, "name", inRoom.File.Name, "a.txt")
		apptest.Want(t, "size", inRoom.File.Size, 6)

		const denied = "InvalidFileGrantError"
		for _, c := range []struct {
			who         string
			grant       string
			room, there string
		}{
			{"ann", grant(t, w, w.As(ann), accounts.ReadFiles), "secret", "news"},
			{"bob", grant(t, w, w.As(bob), accounts.ReadFiles), "secret", "news"},
			{"eve", grant(t, w, w.As(eve), accounts.ReadFiles), denied, "news"},
			{"a foreigner", grant(t, w, w.As(foreign), accounts.ReadFiles), denied, denied},
			{"a write grant", grant(t, w, w.As(ann), accounts.WriteFiles), denied, denied},
			{"a guess", grant(t, w, w.As(ann), accounts.ReadFiles)[:20] + strings.Repeat("0", 50), denied, denied},
			{"the application", grant(t, w, w.Owner(), accounts.ReadFiles), denied, denied},
			{"nobody", "", denied, denied},
			{"nonsense", "-", denied, denied},
		} {
			want(t, c.who+" in the room", read(t, w, inRoom.File.Key, c.grant), c.room)
			want(t, c.who+" on the square", read(t, w, onSquare.File.Key, c.grant), c.there)
			want(t, c.who+" elsewhere", read(t, w, "nothing", c.grant), "FileNotFoundError")
		}

		hers, his := grant(t, w, w.As(ann), accounts.ReadFiles), grant(t, w, w.As(bob), accounts.ReadFiles)
		if _, err := w.Channels.RemoveMember(t.Context(), w.Owner(), room.ID, chat.UserRef{ID: bob.ID}); err != nil {
			t.Fatal(err)
		}
		want(t, "bob, who had to go", read(t, w, inRoom.File.Key, his), denied)
		if _, err := w.Accounts.DeleteUser(t.Context(), w.As(ann), ann.ID); err != nil {
			t.Fatal(err)
		}
		want(t, "ann, who is gone", read(t, w, onSquare.File.Key, hers), denied)
		w.News()
	})
}

func TestUploadsThatFail(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann := w.User("ann")
		room := w.Channel(chat.Public, "room", ann)
		upload := func(r io.Reader) func() error {
			return func() error {
				_, err := w.Files.Upload(t.Context(), w.As(ann), files.UploadInput{Name: "x", Bytes: r})
				return err
			}
		}
		w.Refused("too large", chat.ErrFileTooLarge, upload(strings.NewReader(strings.Repeat("x", apptest.MaxFile+1))))
		w.Refused("broken", apptest.Reason("Broken"), upload(io.MultiReader(strings.NewReader("x"), broken{})))
		if err := upload(strings.NewReader(strings.Repeat("x", apptest.MaxFile)))(); err != nil {
			t.Errorf("as large as may be: %v", err)
		}

		f := take(t, w, w.As(ann), "a", "x")
		w.Files.Discard(t.Context(), f)
		apptest.Want(t, "discarded bytes", stored(t, w, f), false)
		w.Refused("a discarded file", chat.ErrUploadLost, func() error {
			_, err := w.Messages.Send(t.Context(), w.As(ann), messages.SendInput{Channel: room.ID, File: &f})
			return err
		})
		f = take(t, w, w.As(ann), "a", "x")
		m := show(t, w, w.As(ann), room, f)
		w.Files.Discard(t.Context(), f)
		apptest.Want(t, "bytes that are kept", stored(t, w, f), true)
		for who, a := range map[string]chat.Actor{"ann": w.As(ann), "eve": w.As(w.User("eve"))} {
			w.Refused("the same file again, by "+who, chat.ErrUploadLost, func() error {
				_, err := w.Files.SetPicture(t.Context(), a, a.User, *m.File)
				return err
			})
		}
		theirs := take(t, w, w.Owner(), "a", "x")
		w.Refused("a file of somebody else", chat.ErrUploadLost, func() error {
			_, err := w.Messages.Send(t.Context(), w.As(ann), messages.SendInput{Channel: room.ID, File: &theirs})
			return err
		})
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) {
	return 0, &chat.Error{Code: chat.Invalid, Reason: "Broken"}
}

// What nothing shows any more goes, and only that.
func TestSweep(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room, gone := w.Channel(chat.Public, "room", ann), w.Channel(chat.Public, "gone", ann)
		kept, lost := take(t, w, w.As(ann), "kept", "x"), take(t, w, w.As(ann), "lost", "x")
		deleted := take(t, w, w.As(ann), "deleted", "x")
		underWay := take(t, w, w.As(ann), "under way", "x")
		show(t, w, w.As(ann), room, kept)
		show(t, w, w.As(ann), gone, lost)
		m := show(t, w, w.As(ann), room, deleted)
		old, new := take(t, w, w.As(ann), "old", "x"), take(t, w, w.As(ann), "new", "x")
		his := take(t, w, w.As(bob), "his", "x")
		set := func(u chat.User, f chat.File) {
			t.Helper()
			if _, err := w.Files.SetPicture(t.Context(), w.As(u), u.ID, f); err != nil {
				t.Fatal(err)
			}
		}
		set(ann, old)
		want(t, "the old picture", read(t, w, old.Key, ""), "x")
		set(ann, new)
		set(bob, his)
		w.News() // before what it tells of goes
		if _, err := w.Channels.Delete(t.Context(), w.As(ann), gone.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.Channels.Purge(t.Context(), channels.Purge{Channel: gone.ID}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Accounts.DeleteUser(t.Context(), w.Owner(), bob.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.Accounts.Purge(t.Context(), w.App.ID, accounts.PurgeUser{User: bob.ID}); err != nil {
			t.Fatal(err)
		}
		release(t, w, m.ID)
		check := func(when string, underWayThere bool) {
			t.Helper()
			if err := w.Files.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			for f, there := range map[*chat.File]bool{
				&kept: true, &new: true, &underWay: underWayThere, &lost: false, &old: false, &his: false, &deleted: false,
			} {
				apptest.Want(t, when+": "+f.Name, stored(t, w, *f), there)
			}
		}
		check("at once", true)
		w.Clock.Advance(25 * time.Hour)
		check("a day later", false)
		w.News()
	})
}

func TestPictures(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		f := take(t, w, w.As(ann), "me.png", "x")
		u, err := w.Files.SetPicture(t.Context(), w.As(ann), ann.ID, f)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "picture", u.Picture, "/file/v1/"+f.Key+"/me.png")
		want(t, "news", w.News(), "user.updated")
		external := chat.File{URL: "https://p.example/me.png"}
		if u, err = w.Files.SetPicture(t.Context(), w.Owner(), ann.ID, external); err != nil {
			t.Fatal(err)
		}
		want(t, "picture", u.Picture, external.URL)
		want(t, "the one before", read(t, w, f.Key, ""), "FileNotFoundError")
		w.Refused("another's picture", chat.ErrForbidden, func() error {
			_, err := w.Files.SetPicture(t.Context(), w.As(bob), ann.ID, external)
			return err
		})
		w.Refused("no picture", apptest.Reason("InvalidRequestError"), func() error {
			_, err := w.Files.SetPicture(t.Context(), w.As(bob), bob.ID, chat.File{})
			return err
		})
		w.Refused("nobody's picture", chat.ErrUnknownUser, func() error {
			return errors.Join(w.Files.CheckPicture(t.Context(), w.Owner(), 1))
		})
	})
}

func TestListOfType(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann := w.User("ann")
		room := w.Channel(chat.Public, "room", ann)
		for range 5 {
			show(t, w, w.As(ann), room, chat.File{URL: "http://h/x", Name: "x"})
			for range 3 {
				if _, err := w.Messages.Send(t.Context(), w.Owner(), messages.SendInput{Channel: room.ID, Body: "text"}); err != nil {
					t.Fatal(err)
				}
			}
		}
		walk := func(kind chat.MessageType, size int) (types []string) {
			t.Helper()
			for c := (chat.Cursor{Size: size}); ; {
				p, err := w.Messages.List(t.Context(), w.As(ann), chat.MessageFilter{Channel: room.ID, Type: kind}, c)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range p.Items {
					types = append(types, string(m.Type))
				}
				if c.From = p.Next; p.Next == 0 {
					return types
				}
			}
		}
		want(t, "files", strings.Join(walk(chat.FileMessage, 2), " "), strings.Repeat("FILE ", 4)+"FILE")
		want(t, "texts", strings.Join(walk(chat.TextMessage, 4), " "), strings.Repeat("SYSTEM_TEXT ", 14)+"SYSTEM_TEXT")
		w.Refused("another type", apptest.Reason("InvalidRequestError"), func() error {
			_, err := w.Messages.List(context.WithoutCancel(t.Context()), w.As(ann), chat.MessageFilter{Channel: room.ID, Type: "IMAGE"}, chat.Cursor{})
			return err
		})
	})
}

func release(t *testing.T, w *apptest.World, m chat.MessageID) {
	t.Helper()
	if err := w.DB.Update(t.Context(), func(tx *store.Tx) error { return tx.ReleaseMessageFile(m) }); err != nil {
		t.Fatal(err)
	}
}
