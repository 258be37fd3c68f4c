package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

// victimEnv makes this test binary the process that is killed: it names the
// database and the channel to write into.
const victimEnv = "PURR_STORE_VICTIM"

func TestMain(m *testing.M) {
	if dsn := os.Getenv(victimEnv); dsn != "" {
		if err := victim(dsn); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// victim writes messages with ids of their own until it is killed, and says
// which have been acknowledged.
func victim(dsn string) error {
	db, err := store.Open(context.Background(), store.Options{DSN: dsn})
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	for w := range int64(8) {
		all.Go(func() {
			for id := 1 + w; ; id += 8 {
				m := chat.Message{ID: chat.MessageID(id), Application: 1, Channel: 2, Type: chat.TextMessage, Body: "x"}
				err := db.Update(context.Background(), func(tx *store.Tx) error {
					_, err := writeMessage(tx, m)
					return err
				})
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				_, _ = os.Stdout.WriteString(strconv.FormatInt(id, 10) + "\n")
			}
		})
	}
	all.Wait()
	return nil
}

func TestWhatWasAcknowledgedSurvivesAKill(t *testing.T) {
	t.Parallel()
	dsn := storetest.SQLite(t)
	setup := storetest.Open(t, store.Options{DSN: dsn})
	if err := setup.Update(t.Context(), func(tx *store.Tx) error {
		return tx.InsertChannel(chat.Channel{ID: 2, Application: 1, Type: chat.Public, Name: "room"}, "")
	}); err != nil {
		t.Fatal(err)
	}
	if err := setup.Close(); err != nil {
		t.Fatal(err)
	}

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), victimEnv+"="+dsn)
	child.Stderr = os.Stderr
	said, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var acknowledged []chat.MessageID
	for lines := bufio.NewScanner(said); lines.Scan(); {
		id, err := strconv.ParseInt(lines.Text(), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		acknowledged = append(acknowledged, chat.MessageID(id))
		if len(acknowledged) == 300 {
			_ = child.Process.Kill()
		}
	}
	_ = child.Wait()
	if len(acknowledged) < 300 {
		t.Fatalf("the process ended by itself after %d", len(acknowledged))
	}

	f := newFixture(t, storetest.Open(t, store.Options{DSN: dsn}))
	f.view(func(tx *store.Tx) error {
		for _, id := range acknowledged {
			if _, err := tx.Message(1, id); err != nil {
				t.Errorf("message %d: %v", id, err)
			}
		}
		list, err := tx.ListMessages(chat.MessageFilter{Channel: 2}, 0, 0, 1_000_000)
		if err != nil {
			return err
		}
		channel, err := tx.Channel(1, 2)
		want(t, "the channel's number", int(channel.Seq), len(list))
		want(t, "the head of the log", int(f.head()), len(list))
		want(t, "events", len(f.events()), len(list))
		return err
	})
	f.message(chat.Channel{ID: 2, Application: 1}, nil, "life goes on")
	var verdict string
	if err := raw(t, dsn).QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity: %s %v", verdict, err)
	}
}
