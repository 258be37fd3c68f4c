package messages_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// web is what there is to be asked: pages by their addresses.
type web struct {
	pages map[string]*chat.LinkPreview
	// meanwhile, where it is not nil, happens while a page is asked.
	meanwhile func()
	asked     chan string
}

func (w *web) Preview(_ context.Context, url string) *chat.LinkPreview {
	w.asked <- url
	if w.meanwhile != nil {
		w.meanwhile()
	}
	return w.pages[url]
}

// was gives how many pages have been asked since the last time.
func (w *web) was() (n int) {
	for len(w.asked) > 0 {
		<-w.asked
		n++
	}
	return n
}

func page(title string) *chat.LinkPreview {
	return &chat.LinkPreview{URL: "https://" + title, Title: title, Image: "https://i.example/" + title}
}

// newWeb lets a world ask pages, where its application wants to.
func newWeb(t *testing.T, w *apptest.World, wanted chat.Toggle) *web {
	t.Helper()
	pages := &web{pages: map[string]*chat.LinkPreview{}, asked: make(chan string, 100)}
	w.Messages.Pages = pages
	_, err := w.Accounts.UpdateSettings(t.Context(), w.Owner(), accounts.SettingsPatch{LinkPreviews: &wanted})
	is(t, err)
	w.News()
	return pages
}

// preview does the jobs that are due, and tells how many they were.
func preview(t *testing.T, w *apptest.World) (n int) {
	t.Helper()
	var due []store.Job
	is(t, w.DB.Update(t.Context(), func(tx *store.Tx) (err error) {
		due, err = tx.LeaseJobs(messages.PreviewLane, tx.Now.Add(time.Hour), 100)
		return err
	}))
	for _, j := range due {
		n++
		var p messages.PreviewLinks
		is(t, json.Unmarshal([]byte(j.Payload), &p))
		is(t, w.Messages.Preview(t.Context(), j.Application, p))
	}
	return n
}

// titles are those of a message's previews, in the order of its links, a dash
// for a link without one.
func titles(t *testing.T, w *apptest.World, m chat.Message) string {
	t.Helper()
	p, err := w.Messages.List(t.Context(), w.Owner(), chat.MessageFilter{Channel: m.Channel}, chat.Cursor{})
	is(t, err)
	for _, listed := range p.Items {
		if listed.ID != m.ID {
			continue
		}
		alone, err := w.Messages.Retrieve(t.Context(), w.Owner(), m.ID)
		if diff := cmp.Diff(listed, alone); diff != "" || err != nil {
			t.Errorf("in a list and by itself: %v %s", err, diff)
		}
		var out []string
		for _, l := range listed.Links {
			if l.Preview == nil {
				out = append(out, "-")
				continue
			}
			out = append(out, l.Preview.Title)
		}
		return strings.Join(out, " ")
	}
	return "gone"
}

func TestLinkedPagesAreShown(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann := w.User("ann")
		room := w.Channel(chat.Public, "room", ann)
		pages := newWeb(t, w, chat.Enabled)
		a, b := "https://a.example", "https://b.example/x"
		pages.pages[a] = &chat.LinkPreview{URL: a + "/", Title: "A", Image: "https://a.example/i.png", Description: "about", SiteName: "site"}
		actor := w.As(ann)
		actor.Session, actor.Request = 7, "receipt-1"
		m := send(t, w, actor, messages.SendInput{Channel: room.ID, Body: a + " " + b + " " + a}).Message
		send(t, w, actor, messages.SendInput{Channel: room.ID, Body: "the same request again"})
		send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "no links"})
		want(t, "before", titles(t, w, m), "- - -")
		w.News()

		apptest.Want(t, "jobs", preview(t, w), 1)
		apptest.Want(t, "pages asked", pages.was(), 2)
		want(t, "after", titles(t, w, m), "A - A")
		e := w.Events()
		if len(e) != 1 || e[0].Kind != chat.MessageUpdated || e[0].Subject != int64(m.ID) || e[0].Actor != 0 || e[0].Session != 0 || e[0].Request != "" {
			t.Fatalf("events: %+v", e)
		}
		if told := e[0].Message; !told.EditedAt.IsZero() || !cmp.Equal(told.Links[0].Preview, pages.pages[a]) {
			t.Errorf("told: %+v", told)
		}

		// Nothing is found, nothing is told.
		is(t, w.Messages.Preview(t.Context(), w.App.ID, messages.PreviewLinks{Message: m.ID}))
		apptest.Want(t, "pages asked again", pages.was(), 1)
		want(t, "news of nothing", w.News(), "")

		// An edit keeps what is known, and asks for the rest.
		pages.pages[b] = page("B")
		edit := func(body string) {
			t.Helper()
			_, err := w.Messages.Update(t.Context(), w.As(ann), m.ID, messages.Patch{Body: &body})
			is(t, err)
		}
		edit("now " + b + " and " + a)
		want(t, "edited", titles(t, w, m), "- A")
		apptest.Want(t, "jobs of an edit", preview(t, w), 1)
		want(t, "edited and asked", titles(t, w, m), "B A")
		edit("only " + a)
		_, err := w.Messages.Update(t.Context(), w.As(ann), m.ID, messages.Patch{Properties: json.RawMessage(`{"x":1}`)})
		is(t, err)
		apptest.Want(t, "jobs where all is known", preview(t, w), 0)
		want(t, "all known", titles(t, w, m), "A")
	})
}

func TestHowManyPagesAMessageMayAsk(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		room := w.Channel(chat.Public, "room", w.User("ann"))
		pages := newWeb(t, w, chat.Enabled)
		body := ""
		for _, name := range strings.Split("abcdefghij", "") {
			pages.pages["https://"+name+".example"] = page(name)
			body += "https://" + name + ".example "
		}
		m := send(t, w, w.Owner(), messages.SendInput{Channel: room.ID, Body: body}).Message
		apptest.Want(t, "jobs", preview(t, w), 1)
		apptest.Want(t, "pages asked", pages.was(), chat.MaxPreviews)
		want(t, "shown", titles(t, w, m), "a b c d e - - - - -")
		is(t, w.Messages.Preview(t.Context(), w.App.ID, messages.PreviewLinks{Message: m.ID}))
		apptest.Want(t, "pages asked again", pages.was(), 0)
	})
}

func TestNoPageIsAskedUnlessTheApplicationWants(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		room := w.Channel(chat.Public, "room", w.User("ann"))
		unasked := newWeb(t, w, chat.Disabled)
		said := func() chat.Message {
			return send(t, w, w.Owner(), messages.SendInput{Channel: room.ID, Body: "https://a.example"}).Message
		}
		m := said()
		apptest.Want(t, "jobs", preview(t, w), 0)
		is(t, w.Messages.Preview(t.Context(), w.App.ID, messages.PreviewLinks{Message: m.ID}))

		apptest.Want(t, "pages asked while it was off", unasked.was(), 0)

		// Whoever turns it off does not want what is still to be done either.
		pages := newWeb(t, w, chat.Enabled)
		said()
		disabled := chat.Disabled
		_, err := w.Accounts.UpdateSettings(t.Context(), w.Owner(), accounts.SettingsPatch{LinkPreviews: &disabled})
		is(t, err)
		apptest.Want(t, "jobs that are left", preview(t, w), 1)
		apptest.Want(t, "pages asked", pages.was(), 0)

		newWeb(t, w, chat.Enabled)
		w.Messages.Pages = nil // as where a command works beside a server
		said()
		apptest.Want(t, "jobs without the web", preview(t, w), 0)
	})
}

// What happens to a message while its pages are asked wins.
func TestPreviewsOfWhatHasChangedMeanwhile(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann := w.User("ann")
		room := w.Channel(chat.Public, "room", ann)
		pages := newWeb(t, w, chat.Enabled)
		pages.pages["https://a.example"], pages.pages["https://b.example"] = page("a"), page("b")
		during := func(change func(chat.Message)) chat.Message {
			t.Helper()
			m := send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "https://a.example"}).Message
			w.News()
			pages.meanwhile = func() { change(m) }
			apptest.Want(t, "jobs", preview(t, w), 1)
			pages.meanwhile = nil
			return m
		}
		edited := during(func(m chat.Message) {
			body := "moved to https://b.example"
			_, err := w.Messages.Update(t.Context(), w.As(ann), m.ID, messages.Patch{Body: &body})
			is(t, err)
		})
		want(t, "news of an edited one", w.News(), "message.updated")
		want(t, "edited", titles(t, w, edited), "-")
		apptest.Want(t, "jobs of the edit", preview(t, w), 1)
		want(t, "edited and asked", titles(t, w, edited), "b")
		w.News()

		deleted := during(func(m chat.Message) {
			_, err := w.Messages.Delete(t.Context(), w.As(ann), m.ID)
			is(t, err)
		})
		want(t, "news of a deleted one", w.News(), "message.deleted")
		want(t, "deleted", titles(t, w, deleted), "gone")
		is(t, w.Messages.Preview(t.Context(), w.App.ID, messages.PreviewLinks{Message: deleted.ID}))
		is(t, w.Messages.Preview(t.Context(), 1, messages.PreviewLinks{Message: edited.ID}))
		want(t, "news of nothing", w.News(), "")

		// Who is interrupted asks again.
		ctx, cancel := context.WithCancel(t.Context())
		m := send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "https://a.example"}).Message
		pages.meanwhile = cancel
		if err := w.Messages.Preview(ctx, w.App.ID, messages.PreviewLinks{Message: m.ID}); err == nil {
			t.Error("it does not say that it was interrupted")
		}
		want(t, "interrupted", titles(t, w, m), "-")
	})
}
