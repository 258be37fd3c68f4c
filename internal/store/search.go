package store

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/kit/ngram"
)

// Messages are found in two steps. The index, which is a moment behind, and the
// messages that it does not have yet give candidates; the body of each is then
// looked at. So the answer is exact whatever the index knows, and the same on
// each engine.

const (
	// maxTerms bounds the terms of a message. One that has more is a candidate
	// for every query.
	maxTerms = 20_000
	// longTerm is the only term of such a message.
	longTerm = "z"
	// searchStep is how many candidates are looked at in one query.
	searchStep = 500
	// maxSearched bounds how many are looked at for one page.
	maxSearched = 50_000
)

// searchTerm names what a message is in or by.
func searchTerm[ID ~int64](kind string, id ID) string { return kind + strconv.FormatInt(int64(id), 36) }

// Where a message is stands beside its terms, so that a search within an
// application or a channel meets no others. Terms of the text begin with
// nothing behind n, since no code point is greater.
func searchScope(app chat.ApplicationID, channel chat.ChannelID) []string {
	scope := []string{searchTerm("x", app)}
	if channel != 0 {
		scope = append(scope, searchTerm("y", channel))
	}
	return scope
}

// Search lists up to limit messages that a filter with a Query keeps, newest
// first: those with at most the identifier from (zero starts at the newest) or,
// where before is not zero, the nearest ones that are newer than before. They
// are complete. Where it has looked at as much as it may, it ends early: more
// is then where to go on from, else zero.
func (tx *Tx) Search(f chat.MessageFilter, from, before int64, limit int) (list []chat.Message, more int64, err error) {
	found, more, err := tx.find(f, from, before, limit)
	if err != nil || len(found) == 0 {
		return []chat.Message{}, more, err
	}
	byID, err := tx.MessagesByID(f.Application, found)
	if err != nil {
		return nil, 0, err
	}
	for _, id := range found {
		if m, ok := byID[id]; ok {
			list = append(list, m)
		}
	}
	if before != 0 {
		slices.Reverse(list)
	}
	all := make([]*chat.Message, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	return list, more, tx.HideReplies(f.Viewer, all)
}

// CountFound counts what a search finds up to a number, and among as many
// candidates as are looked at for a page.
func (tx *Tx) CountFound(f chat.MessageFilter, most int) (int64, error) {
	found, _, err := tx.find(f, 0, 0, most)
	return int64(len(found)), err
}

// find is Search for the identifiers, the nearest first.
func (tx *Tx) find(f chat.MessageFilter, from, before int64, limit int) (found []chat.MessageID, more int64, err error) {
	query := ngram.Fold(f.Query)
	w := walk{tx: tx, filter: f, newer: before != 0, next: from}
	if w.newer {
		w.next = before + 1
	}
	w.match = tx.dialect.searchText(searchScope(f.Application, f.Channel), query)
	for looked := 0; len(found) < limit && w.next >= 0; {
		if looked >= maxSearched {
			return found, w.next, nil
		}
		ids, err := w.candidates()
		if err != nil {
			return nil, 0, err
		}
		looked += len(ids)
		matching, err := tx.matching(f, query, ids)
		if err != nil {
			return nil, 0, err
		}
		found = append(found, matching...)
	}
	return found[:min(len(found), limit)], 0, nil
}

// matching keeps those of the candidates, in their order, that a filter keeps
// and that contain the query.
func (tx *Tx) matching(f chat.MessageFilter, query string, ids []chat.MessageID) (kept []chat.MessageID, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	q := &sqlText{}
	messageConditions(q, f)
	q.and("m.id IN " + in(q, ids))
	contains := map[chat.MessageID]bool{}
	_, err = collect(tx, "look at messages", func(row scanner) (struct{}, error) {
		var id chat.MessageID
		var body string
		err := row.Scan(&id, &body)
		contains[id] = ngram.Contains(body, query)
		return struct{}{}, err
	}, "SELECT m.id, m.body FROM messages m"+q.conditions(), q.args...)
	for _, id := range ids {
		if contains[id] {
			kept = append(kept, id)
		}
	}
	return kept, err
}

// walk goes through the candidates of a search, from the newest to the oldest
// or the other way.
type walk struct {
	tx     *Tx
	filter chat.MessageFilter
	match  string
	newer  bool
	// next is where to go on, inclusive; zero stands for the newest, and less
	// says that there is nothing more.
	next int64
}

// bound is the condition and the order of what comes next, by a column.
func (w *walk) bound(q *sqlText, column string) (order string) {
	switch {
	case w.newer:
		q.and(column + " >= " + q.arg(w.next))
		return " ORDER BY " + column
	case w.next != 0:
		q.and(column + " <= " + q.arg(w.next))
	}
	return " ORDER BY " + column + " DESC"
}

// candidates gives the next step.
func (w *walk) candidates() ([]chat.MessageID, error) {
	var all []chat.MessageID
	full := false
	// The index comes last: what is indexed between two of these looks, which
	// are no snapshot, has then been found by one of them or by both.
	for _, source := range []func() ([]chat.MessageID, error){w.logged, w.inRanges, w.indexed} {
		ids, err := source()
		if err != nil {
			return nil, err
		}
		full = full || len(ids) == searchStep
		all = append(all, ids...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if !w.newer {
		slices.Reverse(all)
	}
	// Each source is complete as far as its own last one; the nearest
	// searchStep of all together are therefore complete.
	all = all[:min(len(all), searchStep)]
	switch {
	case !full && len(all) < searchStep:
		w.next = -1
	case w.newer:
		w.next = int64(all[len(all)-1]) + 1
	default:
		if w.next = int64(all[len(all)-1]) - 1; w.next == 0 {
			w.next = -1
		}
	}
	return all, nil
}

// indexed are candidates from the index.
func (w *walk) indexed() ([]chat.MessageID, error) {
	q := &sqlText{}
	q.and(w.tx.dialect.searchMatch(q.arg(w.match)))
	order := w.bound(q, "rowid")
	return collect(w.tx, "search", readID[chat.MessageID], "SELECT rowid FROM search_index"+q.conditions()+order+" LIMIT "+q.arg(searchStep), q.args...)
}

// logged are messages that were written or edited since the index was.
func (w *walk) logged() ([]chat.MessageID, error) {
	q := &sqlText{}
	q.and(`m.id IN (SELECT e.subject_id FROM events e WHERE e.position > (SELECT s.position FROM search_state s WHERE s.id = 1)
		AND e.kind IN (` + q.arg(string(chat.MessageCreated)) + ", " + q.arg(string(chat.MessageUpdated)) + "))")
	q.and("m.application_id = " + q.arg(int64(w.filter.Application)))
	order := w.bound(q, "m.id")
	return collect(w.tx, "search the log", readID[chat.MessageID], "SELECT m.id FROM messages m"+q.conditions()+order+" LIMIT "+q.arg(searchStep), q.args...)
}

// inRanges are messages that no event tells of and that wait to be indexed.
func (w *walk) inRanges() (ids []chat.MessageID, err error) {
	ranges, err := w.tx.searchRanges(nearby)
	if w.newer {
		slices.Reverse(ranges)
	}
	for _, r := range ranges {
		if err != nil || len(ids) >= searchStep {
			break
		}
		if w.newer && int64(r.last) < w.next || !w.newer && w.next != 0 && int64(r.first) > w.next {
			continue
		}
		q := &sqlText{}
		q.and("m.application_id = " + q.arg(int64(w.filter.Application)))
		q.and("m.id >= " + q.arg(int64(r.first)) + " AND m.id <= " + q.arg(int64(r.last)))
		order := w.bound(q, "m.id")
		var some []chat.MessageID
		some, err = collect(w.tx, "search what is not indexed", readID[chat.MessageID],
			"SELECT m.id FROM messages m"+q.conditions()+order+" LIMIT "+q.arg(searchStep-len(ids)), q.args...)
		ids = append(ids, some...)
	}
	return ids, err
}

// searchRange are messages by their identifiers, both ends included.
type searchRange struct{ first, last chat.MessageID }

// nearby is how far apart ranges may be that a search takes for one. An import
// leaves one with each batch, and whoever searches looks into each range; to look
// at the messages in between as well does no harm.
const nearby = time.Minute

// searchRanges lists what waits to be indexed, newest first; ranges that overlap
// or are no further apart than is said are one.
func (tx *Tx) searchRanges(apart time.Duration) ([]searchRange, error) {
	list, err := collect(tx, "list what is not indexed", func(row scanner) (r searchRange, err error) {
		err = row.Scan(&r.first, &r.last)
		return r, err
	}, "SELECT first_id, last_id FROM search_ranges ORDER BY last_id DESC")
	merged := list[:0]
	for _, r := range list {
		if n := len(merged); n > 0 && ident.Time(int64(merged[n-1].first)).Sub(ident.Time(int64(r.last))) <= apart {
			merged[n-1].first = min(merged[n-1].first, r.first)
			continue
		}
		merged = append(merged, r)
	}
	return merged, err
}

// IndexLater notes messages to be indexed that no event tells of: all from the
// first to the last.
func (tx *Tx) IndexLater(first, last chat.MessageID) error {
	_, err := tx.exec("index later", `INSERT INTO search_ranges (first_id, last_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, int64(first), int64(last))
	return err
}

// ToIndex tells whether there is anything to index. It costs two short looks.
func (tx *Tx) ToIndex() (bool, error) {
	n, err := tx.count("look for what is to be indexed", `SELECT count(*) FROM event_log l JOIN search_state s ON s.id = l.id
		WHERE l.id = 1 AND (l.head > s.position OR EXISTS (SELECT 1 FROM search_ranges))`)
	return n > 0, err
}

// Index indexes up to limit messages, those of the log first.
func (tx *Tx) Index(limit int) error {
	position, err := tx.count("find how far the log is indexed", `SELECT position FROM search_state WHERE id = 1`)
	if err != nil {
		return err
	}
	events, err := tx.EventsAfter(chat.Position(position), limit)
	if err != nil {
		return err
	}
	// Where the log never rests, what it does not tell of must not wait for ever.
	if len(events) < limit {
		if err := tx.indexRange(limit - len(events)); err != nil || len(events) == 0 {
			return err
		}
	}
	var changed []chat.MessageID
	for _, e := range events {
		switch e.Kind {
		case chat.MessageCreated, chat.MessageUpdated, chat.MessageDeleted:
			changed = append(changed, chat.MessageID(e.Subject))
		default:
		}
	}
	if err := tx.indexMessages(changed); err != nil {
		return err
	}
	_, err = tx.exec("note how far the log is indexed", `UPDATE search_state SET position = $1 WHERE id = 1`, int64(events[len(events)-1].Position))
	return err
}

// indexRange indexes the newest of the messages that no event tells of.
func (tx *Tx) indexRange(limit int) error {
	ranges, err := tx.searchRanges(0)
	if err != nil || len(ranges) == 0 {
		return err
	}
	r := ranges[0]
	ids, err := collect(tx, "find what is to be indexed", readID[chat.MessageID],
		`SELECT id FROM messages WHERE id >= $1 AND id <= $2 ORDER BY id DESC LIMIT $3`, int64(r.first), int64(r.last), limit)
	if err != nil {
		return err
	}
	if err := tx.indexMessages(ids); err != nil {
		return err
	}
	if _, err := tx.exec("index no more", `DELETE FROM search_ranges WHERE first_id >= $1 AND last_id <= $2`, int64(r.first), int64(r.last)); err != nil {
		return err
	}
	if len(ids) < limit {
		return nil
	}
	return tx.IndexLater(r.first, ids[len(ids)-1]-1)
}

// indexMessages makes the index have what is left of messages.
func (tx *Tx) indexMessages(ids []chat.MessageID) error {
	if len(ids) == 0 {
		return nil
	}
	q := &sqlText{}
	q.and("id IN " + in(q, ids))
	q.and("deleted_at = 0 AND body <> ''")
	type indexed struct {
		id    chat.MessageID
		terms string
	}
	list, err := collect(tx, "read what is to be indexed", func(row scanner) (x indexed, err error) {
		var app chat.ApplicationID
		var channel chat.ChannelID
		var body string
		if err := row.Scan(&x.id, &app, &channel, &body); err != nil {
			return x, err
		}
		terms, all := ngram.Terms(body, maxTerms)
		if !all {
			terms = []string{longTerm}
		}
		x.terms = strings.Join(append(terms, searchScope(app, channel)...), " ")
		return x, nil
	}, "SELECT id, application_id, channel_id, body FROM messages"+q.conditions(), q.args...)
	if err != nil {
		return err
	}
	gone := &sqlText{}
	gone.and("rowid IN " + in(gone, ids))
	if _, err := tx.exec("take messages out of the index", "DELETE FROM search_index"+gone.conditions(), gone.args...); err != nil {
		return err
	}
	for _, x := range list {
		if _, err := tx.exec("index a message", tx.dialect.searchInsert, int64(x.id), x.terms); err != nil {
			return err
		}
	}
	return nil
}
