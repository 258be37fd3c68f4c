package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

// library is a database with many channels, all with the same members, of whom
// the first one reads.
type library struct {
	db     *store.DB
	raw    *sql.DB
	reader chat.Actor
}

// newLibrary fills a database: the messages are spread over the channels as
// time goes by, and written by ten members in turn, the reader among them.
func newLibrary(b *testing.B, rooms, messages int) library {
	b.Helper()
	path := storetest.SQLite(b)
	l := library{db: storetest.Open(b, store.Options{DSN: path})}
	f := newFixture(b, l.db)
	app := f.application("app").ID
	for i := range 10 {
		u := f.user(app, fmt.Sprint("user ", i))
		if i == 0 {
			l.reader = chat.Actor{Application: app, User: u.ID}
		}
	}
	raw, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = raw.Close() })
	l.raw = raw
	const numbers = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1) `
	// Before the first channel comes 100_000, before the first message 10_000_000.
	l.fill(b, `INSERT INTO channels (id, application_id, type, name, display_name, folded_name, creator_id, properties, direct_key, created_at, seq, last_message, message_count)
		`+numbers+`SELECT 100000 + i, $2, 'PUBLIC', 'room ' || i, 'Room ' || i, 'room ' || i, 0, '', '', 1, $3, 10000000 + i + ($3 - 1) * $1, $3 FROM n`,
		rooms, int64(app), messages/rooms)
	l.fill(b, `INSERT INTO messages (id, application_id, channel_id, seq, type, user_id, body, group_tag, properties, created_at, ordinal)
		`+numbers+`SELECT 10000000 + i, $2, 100000 + i % $3, 1 + i / $3, 'TEXT', $4 + (i / $3) % 10, 'Hello, world! This is message number ' || i, '', '', i,
		1 + i / $3 FROM n`, messages, int64(app), rooms, int64(l.reader.User))
	l.fill(b, `INSERT INTO members (channel_id, user_id, joined_at) `+numbers+`SELECT 100000 + i / 10, $2 + i % 10, 1 FROM n`, 10*rooms, int64(l.reader.User))
	return l
}

func (l library) fill(b *testing.B, text string, args ...any) {
	b.Helper()
	if _, err := l.raw.ExecContext(b.Context(), text, args...); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkUnread counts the unread messages, and the unread channels, of a
// user with 500 channels and a million messages in them, 100 000 his own; and
// the same where he blocks one of the others, who wrote as many.
func BenchmarkUnread(b *testing.B) {
	const rooms, messages = 500, 1_000_000
	l := newLibrary(b, rooms, messages)
	for _, blocked := range []int{0, 1} {
		l.fill(b, `INSERT INTO user_blocks (user_id, blocked_id, created_at) SELECT $1, $1 + 1, 0 WHERE $2 = 1`, int64(l.reader.User), blocked)
		for _, c := range []struct {
			name string
			read int // messages a channel
		}{{"nothing read", 0}, {"half read", messages / rooms / 2}, {"20 unread", messages/rooms - 20}, {"all read", messages / rooms}} {
			l.fill(b, `UPDATE members SET read_seq = $1, read_ordinal = $1, own_unread = ($3 - $1) / 10 WHERE user_id = $2`, c.read, int64(l.reader.User), messages/rooms)
			unread := int64(messages-rooms*c.read) / 10 * int64(9-blocked)
			name := c.name
			if blocked > 0 {
				name += ", one blocked"
			}
			b.Run(name+"/messages", func(b *testing.B) {
				l.view(b, func(tx *store.Tx) error {
					n, err := tx.UnreadOf(l.reader.Application, l.reader.User)
					want(b, "unread messages", n, unread)
					return err
				})
			})
			b.Run(name+"/channels", func(b *testing.B) {
				l.view(b, func(tx *store.Tx) error {
					p, err := tx.Channels(l.reader.Application, chat.ChannelFilter{Viewer: l.reader.User, Unread: true}, chat.PageRequest{Number: -1})
					want(b, "unread channels", p.Total, int64(min(unread, rooms)))
					return err
				})
			})
		}
	}
}

func (l library) view(b *testing.B, fn func(tx *store.Tx) error) {
	b.Helper()
	defer reportProcessorTime(b)()
	for b.Loop() {
		if err := l.db.View(context.Background(), fn); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkListChannels lists 25 of a user's 10 000 channels, which hold a
// million messages, by activity, with their newest messages, and counts what is unread in each of them; and the
// same of his unread channels.
func BenchmarkListChannels(b *testing.B) {
	l := newLibrary(b, 10_000, 1_000_000)
	deeds := &channels.Channels{DB: l.db, IDs: ident.New(0, time.Now, 0)}
	joined := true
	for name, filter := range map[string]chat.ChannelFilter{"joined": {Joined: &joined}, "unread": {Unread: true}} {
		b.Run(name, func(b *testing.B) {
			defer reportProcessorTime(b)()
			for b.Loop() {
				p, err := deeds.List(context.Background(), l.reader, filter, chat.PageRequest{Size: 25, Sort: []chat.Sort{{Property: "activity", Descending: true}}})
				if err != nil || len(p.Items) != 25 || p.Items[0].Channel.LastMessage == nil {
					b.Fatalf("%d channels, %v", len(p.Items), err)
				}
				if err := l.db.View(context.Background(), func(tx *store.Tx) error {
					for _, v := range p.Items {
						if _, err := tx.UnreadIn(v.Channel.ID, l.reader.User); err != nil {
							return err
						}
					}
					return nil
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHistoryPage lists 25 messages of a channel that has a million, at its
// end, in its middle and at its beginning, and those that follow a page.
func BenchmarkHistoryPage(b *testing.B) {
	const count = 1_000_000
	l := newLibrary(b, 1, count)
	deeds := &messages.Messages{DB: l.db, IDs: ident.New(0, time.Now, 0)}
	for _, c := range []struct {
		name   string
		cursor chat.Cursor
		first  chat.Seq
	}{
		{"end", chat.Cursor{}, count},
		{"middle", chat.Cursor{From: count / 2}, count / 2},
		{"beginning", chat.Cursor{From: 25}, 25},
		{"after the beginning", chat.Cursor{Before: 25}, 50},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.cursor.Size = 25
			defer reportProcessorTime(b)()
			for b.Loop() {
				p, err := deeds.List(context.Background(), l.reader, chat.MessageFilter{Channel: 100_000}, c.cursor)
				if err != nil || len(p.Items) != 25 || p.Items[0].Seq != c.first {
					b.Fatalf("%d messages, %v", len(p.Items), err)
				}
			}
		})
	}
}

// BenchmarkUserMessages lists 25 messages of all of a user's channels: the
// newest, those 5000 further back, and those that are newer than these.
func BenchmarkUserMessages(b *testing.B) {
	for _, rooms := range []int{500, 10_000} {
		const messages = 1_000_000
		l := newLibrary(b, rooms, messages)
		const newest = 10_000_000 + messages - 1
		for _, c := range []struct {
			name         string
			from, before chat.MessageID
			first        chat.MessageID
		}{
			{"newest", 0, 0, newest}, {"further back", newest - 5000, 0, newest - 5000}, {"newer", 0, newest - 5000, newest - 5000 + 25},
		} {
			b.Run(fmt.Sprint(rooms, " channels/", c.name), func(b *testing.B) {
				l.view(b, func(tx *store.Tx) error {
					list, err := tx.UserMessages(l.reader.Application, l.reader.User, "", c.from, c.before, 25)
					if err == nil {
						want(b, "messages", len(list), 25)
						want(b, "the first", list[0].ID, c.first)
					}
					return err
				})
			})
		}
	}
}
