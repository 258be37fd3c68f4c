package messages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Pages asks the pages that messages link to. It may be used by any number of
// goroutines.
type Pages interface {
	// Preview asks a page what it is about: nil where it does not say enough,
	// cannot be had, must not be asked, or ctx has ended. It bounds by itself
	// how long that takes.
	Preview(ctx context.Context, url string) *chat.LinkPreview
}

// PreviewLane and PreviewJob are those of the jobs that ask the pages that a
// message links to; their payload is a PreviewLinks. The lane is their own, so
// that no other work waits for slow pages.
const (
	PreviewLane = "previews"
	PreviewJob  = "message.preview"
)

// PreviewLinks names the message whose links are to be previewed.
type PreviewLinks struct {
	Message chat.MessageID `json:"message"`
}

// wantPreviews has the pages asked that a message links to, where its
// application wants that. It costs nothing where there are no links.
func (ms *Messages) wantPreviews(tx *store.Tx, m chat.Message) error {
	if ms.Pages == nil || len(unpreviewed(m)) == 0 {
		return nil
	}
	app, err := tx.Application(m.Application)
	if err != nil || app.Settings.LinkPreviews != chat.Enabled {
		return err
	}
	payload, err := json.Marshal(PreviewLinks{Message: m.ID})
	if err != nil {
		return fmt.Errorf("payload of %s: %w", PreviewJob, err)
	}
	return tx.InsertJob(store.Job{
		ID: chat.JobID(ms.IDs.Next()), Application: m.Application, Lane: PreviewLane, Kind: PreviewJob, Payload: string(payload), RunAt: tx.Now,
	})
}

// unpreviewed are the first of the addresses in a message that have no preview,
// each once.
func unpreviewed(m chat.Message) (urls []string) {
	seen := map[string]bool{}
	for _, l := range m.Links {
		if len(seen) == chat.MaxPreviews {
			break
		}
		if !seen[l.Text] && l.Preview == nil {
			urls = append(urls, l.Text)
		}
		seen[l.Text] = true
	}
	return urls
}

// Preview asks the pages that a message links to, and shows what they say. A
// page is asked once: one that does not answer has no preview, unless the
// message is edited. It does nothing where the message is gone, or the
// application does not want previews any more.
func (ms *Messages) Preview(ctx context.Context, app chat.ApplicationID, p PreviewLinks) error {
	urls, err := ms.toPreview(ctx, app, p.Message)
	if err != nil || len(urls) == 0 {
		return err
	}
	found := ms.ask(ctx, urls)
	if err := ctx.Err(); err != nil {
		return err // another time
	}
	if len(found) == 0 {
		return nil
	}
	return ms.DB.Update(ctx, func(tx *store.Tx) error {
		m, err := tx.Message(app, p.Message)
		if err != nil {
			return gone(err)
		}
		// It may have been edited meanwhile, and no longer have these links.
		before := len(previewsOf(m.Links))
		m.Links = withPreviews(m.Links, found)
		if len(previewsOf(m.Links)) == before {
			return nil
		}
		if err := tx.UpdateMessage(m); err != nil {
			return err
		}
		e := event(chat.Actor{Application: app}, chat.MessageUpdated, m.Channel, int64(m.ID))
		e.Message = &m
		_, err = tx.Record(e)
		return err
	})
}

func (ms *Messages) toPreview(ctx context.Context, app chat.ApplicationID, id chat.MessageID) (urls []string, err error) {
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		a, err := tx.Application(app)
		if err != nil || a.Settings.LinkPreviews != chat.Enabled {
			return gone(err)
		}
		m, err := tx.Message(app, id)
		urls = unpreviewed(m)
		return gone(err)
	})
	return urls, err
}

// gone leaves out that there is nothing to do any more.
func gone(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// ask asks pages, all at once, and gives what they say by their addresses.
func (ms *Messages) ask(ctx context.Context, urls []string) map[string]*chat.LinkPreview {
	said := make([]*chat.LinkPreview, len(urls))
	var all sync.WaitGroup
	for i, url := range urls {
		all.Go(func() { said[i] = ms.Pages.Preview(ctx, url) })
	}
	all.Wait()
	found := map[string]*chat.LinkPreview{}
	for i, url := range urls {
		if said[i] != nil {
			found[url] = said[i]
		}
	}
	return found
}

// previewsOf are the previews of links by their addresses.
func previewsOf(links []chat.MessageLink) map[string]*chat.LinkPreview {
	known := map[string]*chat.LinkPreview{}
	for _, l := range links {
		if l.Preview != nil {
			known[l.Text] = l.Preview
		}
	}
	return known
}

// withPreviews are links with those of the previews that belong to them, besides
// what they have.
func withPreviews(links []chat.MessageLink, known map[string]*chat.LinkPreview) []chat.MessageLink {
	for i, l := range links {
		if p := known[l.Text]; l.Preview == nil && p != nil {
			links[i].Preview = p
		}
	}
	return links
}
