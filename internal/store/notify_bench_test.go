package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/app/notify"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

// BenchmarkNotifications lists 25 notifications of a user who has never looked
// into his 500 channels with a million messages, and of one who has looked into
// each of them ten times: the newest, and those after a thousand others.
func BenchmarkNotifications(b *testing.B) {
	const rooms, messages = 500, 1_000_000
	l := newLibrary(b, rooms, messages)
	deeds := &notify.Notify{DB: l.db}
	page := func(from int64) chat.CursorPage[chat.Notification] {
		p, err := deeds.List(context.Background(), l.reader, l.reader.User, chat.Cursor{Size: 25, From: from})
		if err != nil || len(p.Items) != 25 {
			b.Fatalf("%d notifications, %v", len(p.Items), err)
		}
		return p
	}
	for _, looked := range []int{0, 10} {
		if looked > 0 {
			const every = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1) `
			l.fill(b, `INSERT INTO absences (user_id, channel_id, from_seq, to_seq, muted) `+every+
				`SELECT $3, 100000 + i / $2, i % $2 * $4, i % $2 * $4 + $4 - 5, FALSE FROM n`, rooms*looked, looked, int64(l.reader.User), messages/rooms/looked)
			l.fill(b, `UPDATE members SET away_from = -1 WHERE user_id = $1`, int64(l.reader.User))
		}
		var from int64
		for i := range 40 {
			if from = page(from).Next; from == 0 {
				b.Fatalf("no page after %d", i)
			}
		}
		for _, c := range []struct {
			name string
			from int64
		}{{"newest", 0}, {"after 1000", from}} {
			b.Run(fmt.Sprintf("looked %d times/%s", looked, c.name), func(b *testing.B) {
				for b.Loop() {
					page(c.from)
				}
			})
		}
	}
}

// BenchmarkSendIntoCrowds sends a message into channels of different sizes.
func BenchmarkSendIntoCrowds(b *testing.B) {
	path := storetest.SQLite(b)
	db := storetest.Open(b, store.Options{DSN: path})
	f := newFixture(b, db)
	u := f.user(f.application("app").ID, "ann")
	raw, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = raw.Close() })
	l := library{db: db, raw: raw}
	rows := storetest.Counter(b, path)
	deeds := &messages.Messages{DB: db, IDs: ident.New(0, time.Now, 0)}
	for _, members := range []int{10, 1000, 1_000_000} {
		c := f.channel(u.Application, chat.Public, fmt.Sprint("room of ", members), u)
		l.fill(b, `INSERT INTO members (channel_id, user_id, joined_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1)
			SELECT $2, 100000 + i, 1 FROM n`, members, int64(c.ID))
		b.Run(fmt.Sprint(members), func(b *testing.B) {
			before := total(rows())
			b.ResetTimer()
			for range b.N {
				if _, err := deeds.Send(context.Background(), chat.Actor{Application: u.Application, User: u.ID}, messages.SendInput{Channel: c.ID, Body: "Hello, world!"}); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(total(rows())-before)/float64(b.N), "rows/msg")
		})
	}
}

func total(rows map[string]int) (n int) {
	for _, count := range rows {
		n += count
	}
	return n
}
