package store_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

// crowd is a channel with many members, each with a session.
type crowd struct {
	db       *store.DB
	channel  chat.ChannelID
	actors   []chat.Actor
	messages *messages.Messages
}

func newCrowd(b *testing.B, size int) crowd {
	db := storetest.Open(b, store.Options{DSN: storetest.SQLite(b)})
	f := newFixture(b, db)
	app := f.application("app").ID
	var users []chat.User
	for i := range size {
		users = append(users, f.user(app, fmt.Sprint("user ", i)))
	}
	c := crowd{db: db, channel: f.channel(app, chat.Public, "room", users...).ID}
	c.messages = &messages.Messages{DB: db, IDs: ident.New(0, time.Now, 0)}
	for _, u := range users {
		s := f.session(u, 0)
		c.actors = append(c.actors, chat.Actor{Application: app, User: u.ID, Session: s.ID})
	}
	return c
}

// BenchmarkUpdateGrouped sends messages, each a durable commit to its sender,
// by 1, 64 and 512 senders at a time.
func BenchmarkUpdateGrouped(b *testing.B) {
	for _, senders := range []int{1, 64, 512} {
		b.Run(fmt.Sprint(senders), func(b *testing.B) {
			c := newCrowd(b, senders)
			var commits atomic.Int64
			c.db.OnCommit(func([]chat.Event) { commits.Add(1) })
			var sent atomic.Int64
			var all sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			report := reportProcessorTime(b)
			for _, actor := range c.actors {
				all.Go(func() {
					for n := sent.Add(1); n <= int64(b.N); n = sent.Add(1) {
						actor.Request = fmt.Sprint("receipt-", n)
						if _, err := c.messages.Send(context.Background(), actor, messages.SendInput{Channel: c.channel, Body: "Hello, world!"}); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
			b.StopTimer()
			report()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msgs/s")
			b.ReportMetric(float64(b.N)/float64(max(commits.Load(), 1)), "msgs/commit")
		})
	}
}

// BenchmarkSendToMany sends messages into channels with few members and with
// many, none of whom listens: it costs the same.
func BenchmarkSendToMany(b *testing.B) {
	for _, members := range []int{10, 100_000} {
		b.Run(fmt.Sprint(members), func(b *testing.B) {
			l := newLibrary(b, 1, 10)
			l.fill(b, `INSERT INTO members (channel_id, user_id, joined_at) WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1)
				SELECT 100000, $2 + i, 1 FROM n WHERE i < $1`, members, int64(l.reader.User))
			deeds := &messages.Messages{DB: l.db, IDs: ident.New(0, time.Now, 0)}
			defer reportProcessorTime(b)()
			for b.Loop() {
				if _, err := deeds.Send(context.Background(), l.reader, messages.SendInput{Channel: 100_000, Body: "Hello, world!"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// reportProcessorTime begins to measure, and gives what ends and reports it, the
// processor time that each operation takes. The neighbours on a shared machine
// change it less than the time on the wall.
func reportProcessorTime(b *testing.B) (report func()) {
	b.Helper()
	used := func() time.Duration {
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	began := used()
	return func() { b.ReportMetric(float64((used()-began).Microseconds())/float64(b.N), "cpu-µs/op") }
}

// BenchmarkView reads one user by id, with his presence, by one reader and by
// as many as there are processors.
func BenchmarkView(b *testing.B) {
	c := newCrowd(b, 100)
	read := func(b *testing.B, actor chat.Actor) {
		err := c.db.View(context.Background(), func(tx *store.Tx) error {
			_, err := tx.User(actor.Application, actor.User)
			return err
		})
		if err != nil {
			b.Error(err)
		}
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			read(b, c.actors[i%len(c.actors)])
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				read(b, c.actors[i%len(c.actors)])
			}
		})
	})
}
