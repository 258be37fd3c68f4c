// Package apptest gives tests of the deeds a world to act in: a real database of
// each engine, a clock that stands still, an application, and the deeds over
// them.
//
// [Each] runs a test in a world of each engine. A test does deeds as [World.As]
// somebody and then asks [World.News] what the log says of them: every event,
// as it was heard at commit and as it is read back. [World.Refused] checks a
// deed that must change nothing.
package apptest

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/files"
	"github.com/purrchat/purr/internal/app/functions"
	"github.com/purrchat/purr/internal/app/imports"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/app/notify"
	"github.com/purrchat/purr/internal/app/push"
	"github.com/purrchat/purr/internal/app/timeline"
	"github.com/purrchat/purr/internal/blob/disk"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
	"github.com/purrchat/purr/internal/kit/clock/clocktest"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/kit/seal"
	"github.com/purrchat/purr/internal/serve"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

// Start is what the clock of a new World shows.
var Start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// MaxFile is the largest file that a World takes, in bytes.
const MaxFile = 1 << 20

// World is an application with its deeds. Its methods that read the log may be
// used by one goroutine at a time.
type World struct {
	T     testing.TB
	DSN   string
	DB    *store.DB
	IDs   *ident.Generator
	Clock *clocktest.Manual

	Accounts  *accounts.Accounts
	Channels  *channels.Channels
	Messages  *messages.Messages
	Files     *files.Files
	Imports   *imports.Imports
	Functions *functions.Functions
	Blobs     *disk.Store
	Timeline  *timeline.Timeline
	Notify    *notify.Notify
	Push      *push.Push
	Signals   *Signals

	// Credentials are those of App.
	Credentials chat.Credentials
	App         chat.Application

	rows func() map[string]int
	read chat.Position

	mu    sync.Mutex
	more  sync.Cond
	heard []chat.Event
}

// Each runs fn as parallel sub-tests, in a new world of each engine.
func Each(t *testing.T, fn func(t *testing.T, w *World)) {
	t.Helper()
	storetest.EachDSN(t, func(t *testing.T, dsn string) { fn(t, New(t, dsn)) })
}

// New makes a world in an empty database.
func New(tb testing.TB, dsn string) *World {
	tb.Helper()
	clock := clocktest.New(Start)
	w := &World{T: tb, DSN: dsn, Clock: clock, Signals: &Signals{}}
	w.more.L = &w.mu
	w.DB = storetest.Open(tb, store.Options{DSN: dsn, Now: clock.Now})
	w.DB.OnCommit(w.hear)
	w.IDs = ident.New(1, clock.Now, 0)
	w.DB.OnRecord(serve.Consequences(w.IDs.Next))
	w.Accounts = w.Node(1)
	w.Channels = &channels.Channels{DB: w.DB, IDs: w.IDs}
	w.Messages = &messages.Messages{DB: w.DB, IDs: w.IDs}
	w.Blobs = disk.New(tb.TempDir())
	w.Files = &files.Files{DB: w.DB, IDs: w.IDs, Accounts: w.Accounts, Blobs: w.Blobs, MaxSize: MaxFile}
	w.Imports = &imports.Imports{
		DB: w.DB, IDs: w.IDs, Accounts: w.Accounts, Channels: w.Channels, Messages: w.Messages, Files: w.Files,
		Encode: wire.Style{Base: "https://chat.example"}, Wake: func() {},
	}
	w.Functions = &functions.Functions{DB: w.DB, IDs: w.IDs, Secrets: w.secrets()}
	w.Push = &push.Push{DB: w.DB, IDs: w.IDs, Secrets: w.secrets(), Subject: "https://chat.example"}
	w.Timeline = &timeline.Timeline{DB: w.DB}
	w.Notify = &notify.Notify{DB: w.DB}
	w.rows = storetest.Counter(tb, dsn)
	w.Credentials = w.Application("Test")
	w.App = w.Credentials.Application
	return w
}

// Node gives the deeds of accounts as another node does them. Its sessions stay
// online for 10 seconds without a socket and may be resumed for 120.
func (w *World) Node(id chat.NodeID) *accounts.Accounts {
	return &accounts.Accounts{
		DB: w.DB, IDs: w.IDs, Signals: w.Signals, Node: id, Now: w.Clock.Now,
		TokenLifetime: time.Hour, PresenceGrace: 10 * time.Second, ResumeWindow: 120 * time.Second, Secrets: w.secrets(),
	}
}

// secrets is the key of the world's installation, which is not secret at all.
func (w *World) secrets() *seal.Key {
	w.T.Helper()
	key, err := seal.Parse(base64.StdEncoding.EncodeToString(make([]byte, seal.Size)))
	if err != nil {
		w.T.Fatal(err)
	}
	return key
}

// Application makes another application.
func (w *World) Application(name string) chat.Credentials {
	w.T.Helper()
	c, err := w.Accounts.CreateApplication(w.T.Context(), name)
	if err != nil {
		w.T.Fatal(err)
	}
	return c
}

// User makes a known user of the world's application.
func (w *World) User(name string) chat.User {
	w.T.Helper()
	return w.UserOf(w.App.ID, name)
}

// UserOf makes a known user of any application.
func (w *World) UserOf(app chat.ApplicationID, name string) chat.User {
	w.T.Helper()
	u, err := w.Accounts.CreateUser(w.T.Context(), chat.Actor{Application: app}, accounts.CreateUserInput{Name: name, DisplayName: name})
	if err != nil {
		w.T.Fatal(err)
	}
	return u
}

// Channel makes a channel of the world's application, by its first member or,
// without members, by the application. Its events are taken as read.
func (w *World) Channel(kind chat.ChannelType, name string, members ...chat.User) chat.Channel {
	w.T.Helper()
	in := channels.CreateInput{Type: kind, Name: name}
	for i, m := range members {
		if i == 0 {
			in.Creator = chat.UserRef{ID: m.ID}
		}
		in.Members = append(in.Members, chat.UserRef{ID: m.ID})
	}
	c, err := w.Channels.Create(w.T.Context(), w.Owner(), in)
	if err != nil {
		w.T.Fatal(err)
	}
	w.News()
	return c.Channel
}

// Owner is the application itself as an actor.
func (w *World) Owner() chat.Actor { return chat.Actor{Application: w.App.ID} }

// As is a user as an actor.
func (w *World) As(u chat.User) chat.Actor {
	return chat.Actor{Application: u.Application, User: u.ID}
}

func (w *World) hear(events []chat.Event) {
	w.mu.Lock()
	w.heard = append(w.heard, events...)
	w.mu.Unlock()
	w.more.Broadcast()
}

// Events gives what was heard since the last time, after comparing it with
// what the log says of it.
func (w *World) Events() []chat.Event {
	w.T.Helper()
	ctx := w.T.Context()
	logged, err := w.Timeline.After(ctx, w.read, 100_000)
	if err != nil {
		w.T.Fatal(err)
	}
	w.mu.Lock()
	for len(w.heard) < len(logged) {
		w.more.Wait()
	}
	heard := w.heard
	w.heard = nil
	w.mu.Unlock()
	for i := range min(len(heard), len(logged)) {
		w.compare(heard[i], logged[i])
	}
	if len(heard) > len(logged) {
		w.T.Errorf("%d events heard, %d in the log", len(heard), len(logged))
	}
	if len(logged) > 0 {
		w.read = logged[len(logged)-1].Position
	}
	return heard
}

// compare finds what a reader of the log is told otherwise than who was there.
// What several events are about is read back as the last of them left it.
func (w *World) compare(heard, logged chat.Event) {
	w.T.Helper()
	if diff := cmp.Diff(heard, logged,
		cmpopts.IgnoreFields(chat.Channel{}, "Seq", "LastMessage", "DisplayName", "Properties"),
		cmpopts.IgnoreFields(chat.Message{}, "Replies", "Reactions"),
		cmpopts.IgnoreFields(chat.User{}, "Presence", "Deleted", "DisplayName", "Properties", "Picture"),
	); diff != "" {
		w.T.Errorf("%s as heard and as logged: %s", heard.Kind, diff)
	}
}

// News gives the kinds of the events since the last time in one line, such as
// "channel.created member.joined".
func (w *World) News() string {
	w.T.Helper()
	var kinds []string
	for _, e := range w.Events() {
		kinds = append(kinds, string(e.Kind))
	}
	return strings.Join(kinds, " ")
}

// Refused does a deed that must be refused with a reason and must leave
// neither rows nor events nor jobs behind.
func (w *World) Refused(what string, reason error, deed func() error) {
	w.T.Helper()
	w.News()
	before := w.rows()
	err := deed()
	if refusal, ok := reason.(*chat.Error); !ok || !refusal.Is(err) { //nolint:errorlint // the reason is the target
		w.T.Errorf("%s: %v, want %v", what, err, reason)
	}
	if diff := cmp.Diff(before, w.rows()); diff != "" {
		w.T.Errorf("%s left rows: %s", what, diff)
	}
	if news := w.News(); news != "" {
		w.T.Errorf("%s left events: %s", what, news)
	}
}

// Reason is the target for a refusal that has no value of its own.
func Reason(reason string) error { return &chat.Error{Reason: reason} }

// Due leases all jobs of the ordinary lane that are due.
func (w *World) Due() (jobs []store.Job) {
	w.T.Helper()
	return w.DueIn("")
}

// DueIn leases all jobs of a lane that are due.
func (w *World) DueIn(lane string) (jobs []store.Job) {
	w.T.Helper()
	err := w.DB.Update(w.T.Context(), func(tx *store.Tx) (err error) {
		jobs, err = tx.LeaseJobs(lane, tx.Now.Add(time.Hour), 1000)
		return err
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return jobs
}

// Signals keeps the signals that were published.
type Signals struct {
	mu   sync.Mutex
	list []chat.Signal
}

// Publish keeps a signal.
func (s *Signals) Publish(signal chat.Signal) {
	s.mu.Lock()
	s.list = append(s.list, signal)
	s.mu.Unlock()
}

// Take gives the signals since the last time in one line, such as
// "presence.changed:7001".
func (s *Signals) Take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, signal := range s.list {
		out = append(out, fmt.Sprintf("%s:%d", signal.Kind, signal.User))
	}
	s.list = nil
	return strings.Join(out, " ")
}

// Want fails the test unless got is what was wanted.
func Want[T comparable](tb testing.TB, what string, got, wanted T) {
	tb.Helper()
	if got != wanted {
		tb.Errorf("%s: %v, want %v", what, got, wanted)
	}
}
