package messages

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ngram"
	"github.com/purrchat/purr/internal/store"
)

// checkQuery refuses a query that cannot be searched for. One of which nothing
// is left in the form that is searched, such as white space, is none.
func checkQuery(f *chat.MessageFilter) error {
	if err := chat.CheckOptionalText("query", f.Query, chat.MaxQuery); err != nil {
		return err
	}
	if ngram.Fold(f.Query) == "" {
		f.Query = ""
	}
	return nil
}

// maxFound is where counting what a search finds ends.
const maxFound = 1000

// searchPage is page for a filter with a Query. A page may hold less than was
// asked for though there is a next one: so much is looked at for each, and no
// more. Its cursors are the messages' identifiers.
func searchPage(tx *store.Tx, f chat.MessageFilter, c chat.Cursor) (chat.CursorPage[chat.Message], error) {
	var onward int64
	p, err := page(c, list{
		read: func(from, before int64, limit int) ([]chat.Message, error) {
			found, more, err := tx.Search(f, from, before, limit)
			if before == 0 {
				onward = more
			}
			return found, err
		},
		cursor: func(m chat.Message) int64 { return int64(m.ID) },
		count:  func() (int64, error) { return tx.CountFound(f, maxFound) },
	})
	if p.Next == 0 {
		p.Next = onward
	}
	return p, err
}

// IndexBatch is how many messages or events one transaction indexes, so that
// others need not wait long for it.
const IndexBatch = 200

// Index indexes some of what was written since the last time, and tells whether
// there was anything. Search is exact all the same; the index makes it fast.
func (ms *Messages) Index(ctx context.Context) (worked bool, err error) {
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		worked, err = tx.ToIndex()
		return err
	})
	if err != nil || !worked {
		return false, err
	}
	return true, ms.DB.Update(ctx, func(tx *store.Tx) error { return tx.Index(IndexBatch) })
}
