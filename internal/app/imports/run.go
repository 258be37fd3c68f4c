package imports

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/jsonarray"
	"github.com/purrchat/purr/internal/store"
)

const (
	// maxElement bounds an element, in octets: more than the greatest that can
	// be accepted, however it is escaped.
	maxElement = 2 << 20
	// maxBatchSize and maxBatchWeight bound what one transaction imports, so
	// that others need not wait long for it: the octets of its elements, and
	// the work that they make, in messages.
	maxBatchSize   = 1 << 20
	maxBatchWeight = 1000
)

// errMoved says that another worker is at the same job.
var errMoved = errors.New("the job has been taken over")

// Run carries out a job. It may be interrupted and repeated.
func (i *Imports) Run(ctx context.Context, app chat.ApplicationID, w Work) error {
	var j chat.Job
	var at store.ImportState
	var key string
	err := i.DB.View(ctx, func(tx *store.Tx) (err error) {
		if j, err = tx.ApplicationJob(app, w.Job); err != nil {
			return err
		}
		if at, err = tx.ImportState(j.ID); err != nil || at.Ended() {
			return err
		}
		if !j.Task.IsExport() {
			key, err = tx.JobFile(j.ID)
		}
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("find the job: %w", err)
	case at.Ended():
		return nil
	case j.Task.IsExport():
		return i.export(ctx, j, at)
	}
	source, err := i.Files.Blobs.Open(ctx, key)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // it was only read
	return i.importFrom(ctx, j, at, source)
}

// importFrom imports what is left of a file. It reads a batch while the one
// before is being written.
func (i *Imports) importFrom(ctx context.Context, j chat.Job, at store.ImportState, source io.ReadSeeker) error {
	reader := jsonarray.New(source, maxElement)
	if at.ReadTo > 0 {
		if _, err := source.Seek(at.ReadTo, io.SeekStart); err != nil {
			return err
		}
		reader = jsonarray.Resume(source, at.ReadTo, maxElement)
	}
	written := func() (store.ImportState, error) { return at, nil }
	for {
		b, end := i.read(j, reader)
		var err error
		if at, err = written(); err != nil {
			return err
		}
		if end != nil {
			return i.finish(ctx, j, at, b, end)
		}
		written = i.write(ctx, j, at, b)
	}
}

// batch is what one transaction imports.
type batch struct {
	items []item
	// readTo is behind the last of its elements.
	readTo int64
}

// item is an element on its way in.
type item struct {
	// key is the element's own, empty where it has none.
	key string
	// history is the message, for ImportMessages.
	history messages.History
	// add makes it, for all other tasks, unless it is there.
	add func(*store.Tx) (isNew bool, err error)
	// weight is how much work it makes, in messages.
	weight int
	// refused is why it is not imported, nil where nothing speaks against it so
	// far; skipped tells that it was there already.
	refused error
	skipped bool
}

// read reads the next batch. end is io.EOF behind the last one, or what keeps
// the file from being read further.
func (i *Imports) read(j chat.Job, reader *jsonarray.Reader) (b batch, end error) {
	actor := chat.Actor{Application: j.Application, Importer: true}
	size, weight := 0, 0
	b.readTo = reader.Offset()
	for size < maxBatchSize && weight < maxBatchWeight {
		text, err := reader.Next()
		var it item
		switch {
		case errors.Is(err, jsonarray.ErrTooLarge):
			it.refused = &chat.Error{Code: chat.TooLarge, Reason: "ElementTooLargeError", Message: "The element is too large."}
		case err != nil:
			return b, err
		default:
			it = i.item(actor, j, text)
		}
		b.items = append(b.items, it)
		b.readTo = reader.Offset()
		size += len(text)
		weight += max(it.weight, 1)
	}
	return b, nil
}

// write imports a batch and moves the job behind it, in one transaction. It
// gives what waits for that.
func (i *Imports) write(ctx context.Context, j chat.Job, from store.ImportState, b batch) func() (store.ImportState, error) {
	var to store.ImportState
	committed := i.DB.Begin(ctx, func(tx *store.Tx) (err error) {
		to, err = i.writeBatch(tx, j, from, b)
		return err
	})
	return func() (store.ImportState, error) {
		err := committed()
		return to, err
	}
}

// finish imports the last batch and ends the job.
func (i *Imports) finish(ctx context.Context, j chat.Job, from store.ImportState, b batch, end error) error {
	var wrong *jsonarray.SyntaxError
	if !errors.As(end, &wrong) && !errors.Is(end, io.EOF) {
		return end
	}
	return i.DB.Update(ctx, func(tx *store.Tx) error {
		at, err := i.writeBatch(tx, j, from, b)
		if err != nil {
			return err
		}
		ended := at.End()
		var failures []chat.ElementFailure
		if wrong != nil {
			failures = []chat.ElementFailure{{Element: at.Processed, Error: *chat.Invalidf("file", "must hold a JSON array: %s", wrong)}}
			ended.Failed++
		}
		if err := moved(tx.MoveImport(j.ID, at, ended, failures)); err != nil {
			return err
		}
		return tx.ReleaseJobFile(j.ID)
	})
}

func moved(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errMoved
	}
	return err
}

// writeBatch imports a batch as part of an update.
func (i *Imports) writeBatch(tx *store.Tx, j chat.Job, from store.ImportState, b batch) (to store.ImportState, err error) {
	w := batchWriter{Imports: i, tx: tx, job: j, items: append([]item(nil), b.items...), open: map[string]bool{}}
	if err := w.write(); err != nil {
		return to, err
	}
	to = from
	to.ReadTo = b.readTo
	var failures []chat.ElementFailure
	for k, it := range w.items {
		var refusal *chat.Error
		switch {
		case it.skipped:
			to.Skipped++
		case errors.As(it.refused, &refusal):
			to.Failed++
			failures = append(failures, chat.ElementFailure{Element: from.Processed + int64(k), Error: *refusal})
		}
	}
	to.Processed += int64(len(b.items))
	if to == from {
		return to, nil // an empty batch moves nothing
	}
	if err := tx.InsertImported(j.Application, j.Task, w.keys); err != nil {
		return to, err
	}
	return to, moved(tx.MoveImport(j.ID, from, to, failures))
}

// batchWriter imports the items of a batch, in order.
type batchWriter struct {
	*Imports
	tx    *store.Tx
	job   chat.Job
	items []item
	// done are the keys that were imported before or in this batch, keys those
	// of this batch.
	done map[string]bool
	keys []string
	// waiting are the places of messages that are yet to be written, together;
	// open has their keys.
	waiting []int
	open    map[string]bool
}

func (w *batchWriter) write() (err error) {
	var keys []string
	for _, it := range w.items {
		if it.key != "" {
			keys = append(keys, it.key)
		}
	}
	if w.done, err = w.tx.Imported(w.job.Application, w.job.Task, keys); err != nil {
		return err
	}
	for k := range w.items {
		it := &w.items[k]
		if w.open[it.key] { // whether it is imported already is yet to be seen
			if err := w.flush(); err != nil {
				return err
			}
		}
		switch {
		case w.done[it.key]:
			it.skipped = true
		case it.refused != nil:
		case w.job.Task == chat.ImportMessages:
			w.waiting = append(w.waiting, k)
			if it.key != "" {
				w.open[it.key] = true
			}
		default:
			if err := w.add(it); err != nil {
				return err
			}
		}
	}
	return w.flush()
}

// flush writes the messages that wait.
func (w *batchWriter) flush() error {
	if len(w.waiting) == 0 {
		return nil
	}
	list := make([]messages.History, len(w.waiting))
	for k, place := range w.waiting {
		list[k] = w.items[place].history
	}
	refused, err := w.Messages.Import(w.tx, chat.Actor{Application: w.job.Application, Importer: true}, list)
	if err != nil {
		return err
	}
	for k, place := range w.waiting {
		it := &w.items[place]
		if it.refused = refused[k]; it.refused == nil {
			w.note(it)
		}
	}
	w.waiting = w.waiting[:0]
	clear(w.open)
	return nil
}

// add makes what is not a message.
func (w *batchWriter) add(it *item) error {
	isNew := false
	err := w.tx.Nested(func() (err error) {
		isNew, err = it.add(w.tx)
		return err
	})
	switch {
	case err == nil:
		it.skipped = !isNew
	case errors.Is(err, accounts.ErrUsernameTaken):
		it.skipped = true
	case isRefusal(err):
		it.refused = err
		return nil
	default:
		return err
	}
	w.note(it)
	return nil
}

// note notes an item's key, so that no other of that key is imported.
func (w *batchWriter) note(it *item) {
	if it.key != "" {
		w.done[it.key] = true
		w.keys = append(w.keys, it.key)
	}
}

// isRefusal tells what is wrong with an element from what is wrong with us,
// which another attempt may cure.
func isRefusal(err error) bool {
	code := chat.CodeOf(err)
	return code != chat.Internal && code != chat.Unavailable
}
