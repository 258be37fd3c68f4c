package imports

import (
	"context"
	"io"
	"math"

	"github.com/purrchat/purr/internal/app/files"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

const (
	// exportPage is how many things are looked up at a time.
	exportPage = 500
	// exportProgress is after how many pages the job says how far it is.
	exportProgress = 20
)

// export writes a file and ends the job. Where it is interrupted it begins
// anew: what it has written is removed in time.
func (i *Imports) export(ctx context.Context, j chat.Job, at store.ImportState) error {
	actor := chat.Actor{Application: j.Application}
	e := &exporter{Imports: i, ctx: ctx, job: j, at: at}
	e.next = e.messages
	name := "messages.json"
	if j.Task == chat.ExportUsers {
		e.next, name = e.users, "users.json"
	}
	// What comes later is left for the next export, so that this one ends.
	err := i.DB.View(ctx, func(tx *store.Tx) (err error) {
		e.last, err = tx.GreatestID()
		return err
	})
	if err != nil {
		return err
	}
	unlimited := *i.Files
	unlimited.MaxSize = 1 << 50
	f, err := unlimited.Upload(ctx, actor, files.UploadInput{Name: name, ContentType: "application/json", Bytes: e})
	if err != nil {
		return err
	}
	return i.DB.Update(ctx, func(tx *store.Tx) error {
		ended := e.at.End()
		ended.Processed = e.count
		if err := moved(tx.MoveImport(j.ID, e.at, ended, nil)); err != nil {
			return err
		}
		return tx.KeepJobFile(actor, f, j.ID)
	})
}

// exporter is the text of an export, made page by page as it is read.
type exporter struct {
	*Imports
	ctx context.Context // that of the one call of export that it lives for
	job chat.Job
	// at is what the job says about how far it is.
	at store.ImportState
	// after is the last thing that was written, last the last one that shall be.
	after, last int64
	count       int64
	pages       int
	// next appends a page, and tells how many things it holds and whether there
	// is another one.
	next func() (n int, more bool, err error)

	text []byte
	read int
	end  bool
}

// Read makes the next page when the last one has been read.
func (e *exporter) Read(p []byte) (int, error) {
	for e.read == len(e.text) {
		if e.end {
			return 0, io.EOF
		}
		if err := e.page(); err != nil {
			return 0, err
		}
	}
	n := copy(p, e.text[e.read:])
	e.read += n
	return n, nil
}

func (e *exporter) page() error {
	if err := e.ctx.Err(); err != nil {
		return err
	}
	e.text, e.read = e.text[:0], 0
	if e.pages == 0 {
		e.text = append(e.text, '[')
	}
	n, more, err := e.next()
	if err != nil {
		return err
	}
	e.count += int64(n)
	if e.end = !more; e.end {
		e.text = append(e.text, "]\n"...)
	}
	if e.pages++; e.pages%exportProgress != 0 {
		return nil
	}
	to := e.at
	to.Processed = e.count
	err = e.DB.Update(e.ctx, func(tx *store.Tx) error { return moved(tx.MoveImport(e.job.ID, e.at, to, nil)) })
	e.at = to
	return err
}

// separate goes before each thing but the first.
func (e *exporter) separate(place int) {
	if e.count > 0 || place > 0 {
		e.text = append(e.text, ',', '\n')
	}
}

func (e *exporter) messages() (int, bool, error) {
	return exported(e, func(tx *store.Tx) ([]chat.Message, error) {
		ids, err := tx.MessagesBetween(e.job.Application, chat.MessageID(e.after), math.MaxInt64, exportPage)
		if err != nil {
			return nil, err
		}
		found, err := tx.MessagesByID(e.job.Application, ids)
		list := make([]chat.Message, len(ids))
		for k, id := range ids {
			if list[k] = found[id]; list[k].ID == 0 {
				list[k].ID = id // it has been deleted meanwhile
			}
		}
		return list, err
	}, func(m *chat.Message) int64 { return int64(m.ID) }, func(m *chat.Message) bool { return m.Type != "" }, e.Encode.Message)
}

func (e *exporter) users() (int, bool, error) {
	return exported(e, func(tx *store.Tx) ([]chat.User, error) {
		return tx.UsersAfter(e.job.Application, chat.UserID(e.after), exportPage)
	}, func(u *chat.User) int64 { return int64(u.ID) }, func(*chat.User) bool { return true }, e.Encode.User)
}

// exported is next for one kind of thing; those that are not there are passed
// over.
func exported[T any](e *exporter, load func(*store.Tx) ([]T, error), id func(*T) int64, there func(*T) bool, encode func([]byte, *T) []byte) (n int, more bool, err error) {
	var list []T
	err = e.DB.View(e.ctx, func(tx *store.Tx) (err error) {
		list, err = load(tx)
		return err
	})
	if err != nil {
		return 0, false, err
	}
	for k := range list {
		if id(&list[k]) > e.last {
			return n, false, nil
		}
		e.after = id(&list[k])
		if there(&list[k]) {
			e.separate(n)
			e.text = encode(e.text, &list[k])
			n++
		}
	}
	return n, len(list) == exportPage, nil
}
