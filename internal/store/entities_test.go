package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/clock/clocktest"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

func TestApplications(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		first, second := f.application("first"), f.application("second")
		f.view(func(tx *store.Tx) error {
			got, err := tx.Application(first.ID)
			if diff := cmp.Diff(first, got); diff != "" || err != nil {
				t.Errorf("by id: %v %s", err, diff)
			}
			got, err = tx.ApplicationByKey(second.Key)
			if diff := cmp.Diff(second, got); diff != "" || err != nil {
				t.Errorf("by key: %v %s", err, diff)
			}
			list, err := tx.Applications()
			if diff := cmp.Diff([]chat.Application{first, second}, list); diff != "" || err != nil {
				t.Errorf("list: %v %s", err, diff)
			}
			_, err = tx.Application(5)
			wantError(t, "unknown id", err, store.ErrNotFound)
			_, err = tx.ApplicationByKey("nobody's")
			wantError(t, "unknown key", err, store.ErrNotFound)
			return nil
		})
		err := db.Update(t.Context(), func(tx *store.Tx) error {
			twin := first
			twin.ID, twin.ClientID = 9, "another"
			return tx.InsertApplication(twin, "")
		})
		wantError(t, "a key used twice", err, store.ErrDuplicate)
	})
}

func TestClientSecrets(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("first")
		f.update(func(tx *store.Tx) error {
			id, hashes, err := tx.ClientSecretHashes(app.ClientID)
			want(t, "application", id, app.ID)
			want(t, "hashes", hashes, [2]string{"hash of first", ""})
			wantError(t, "replace that of nobody", tx.SetClientSecretHash(5, "x"), store.ErrNotFound)
			return errors.Join(err, tx.SetClientSecretHash(app.ID, "new"))
		})
		f.view(func(tx *store.Tx) error {
			_, hashes, err := tx.ClientSecretHashes(app.ClientID)
			want(t, "hashes", hashes, [2]string{"new", ""})
			_, _, unknown := tx.ClientSecretHashes("nobody")
			wantError(t, "unknown client", unknown, store.ErrNotFound)
			return err
		})
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		clock := clocktest.New(at(0))
		db := storetest.Open(t, store.Options{DSN: dsn, Now: clock.Now})
		f := newFixture(t, db)
		one, two := f.application("one"), f.application("two")
		f.update(func(tx *store.Tx) error {
			return errors.Join(
				tx.InsertToken("a", one.ID, at(10)), tx.InsertToken("b", one.ID, at(30)),
				tx.InsertToken("c", two.ID, at(20)))
		})
		known := func() (out string) {
			f.view(func(tx *store.Tx) error {
				for _, hash := range []string{"a", "b", "c"} {
					if _, _, err := tx.Token(hash); err == nil {
						out += hash
					}
				}
				return nil
			})
			return out
		}
		f.view(func(tx *store.Tx) error {
			app, expires, err := tx.Token("b")
			want(t, "application", app, one.ID)
			want(t, "expiry", expires, at(30))
			return err
		})
		clock.Advance(15 * time.Second)
		f.update((*store.Tx).DeleteExpiredTokens)
		want(t, "after the first ran out", known(), "bc")
		f.update(func(tx *store.Tx) error { return tx.DeleteTokens(one.ID) })
		want(t, "after one's were revoked", known(), "c")
	})
}

func TestUsers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app, other := f.application("app").ID, f.application("other").ID
		ann, bob := f.user(app, "ann"), f.user(app, "Bob")
		stranger := f.user(other, "ann")
		err := db.Update(t.Context(), func(tx *store.Tx) error {
			return tx.InsertUser(chat.User{ID: 7, Application: app, Name: "ann"})
		})
		wantError(t, "a name used twice", err, store.ErrDuplicate)

		f.view(func(tx *store.Tx) error {
			got, err := tx.User(app, ann.ID)
			if diff := cmp.Diff(ann, got); diff != "" || err != nil {
				t.Errorf("by id: %v %s", err, diff)
			}
			got, err = tx.UserByName(other, "ann")
			if diff := cmp.Diff(stranger, got); diff != "" || err != nil {
				t.Errorf("by name: %v %s", err, diff)
			}
			_, err = tx.User(other, ann.ID)
			wantError(t, "of another application", err, store.ErrNotFound)
			_, err = tx.UserByName(app, "ANN")
			wantError(t, "names compare exactly", err, store.ErrNotFound)
			exists, err := tx.UserExists(app, "Bob")
			want(t, "Bob exists", exists, true)
			if err != nil {
				return err
			}
			exists, err = tx.UserExists(other, "Bob")
			want(t, "Bob exists elsewhere", exists, false)
			return err
		})

		changed := bob
		changed.DisplayName, changed.Picture, changed.Guest = "Robert", "http://pictures/bob", true
		changed.Presence.Status, changed.Properties = "AWAY", ""
		f.update(func(tx *store.Tx) error {
			theirs := changed
			theirs.Application = other
			wantError(t, "change of another application's", tx.UpdateUser(theirs), store.ErrNotFound)
			wantError(t, "deletion of another application's", tx.DeleteUser(other, bob.ID), store.ErrNotFound)
			return tx.UpdateUser(changed)
		})
		f.view(func(tx *store.Tx) error {
			got, err := tx.User(app, bob.ID)
			if diff := cmp.Diff(changed, got); diff != "" {
				t.Errorf("after the change: %s", diff)
			}
			return err
		})

		f.update(func(tx *store.Tx) error { return tx.DeleteUser(app, ann.ID) })
		again := f.user(app, "ann") // the name is free
		f.view(func(tx *store.Tx) error {
			_, err := tx.User(app, ann.ID)
			wantError(t, "a deleted user", err, store.ErrNotFound)
			tombs, err := tx.UsersByID(app, []chat.UserID{ann.ID, bob.ID, again.ID, stranger.ID})
			want(t, "found", len(tombs), 3)
			want(t, "ann is a tombstone", tombs[ann.ID].Deleted, true)
			want(t, "the new ann is none", tombs[again.ID].Deleted, false)
			return err
		})
	})
}

func TestListsOfUsers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("app").ID
		for _, name := range []string{"delta", "Bravo", "alpha", "Äther", "charlie"} {
			f.user(app, name)
		}
		f.user(f.application("other").ID, "alpha")
		for _, c := range []struct {
			what    string
			filter  chat.UserFilter
			request chat.PageRequest
			names   string
			total   int64
		}{
			{"by name, by bytes", chat.UserFilter{}, chat.PageRequest{Size: 10}, "[Bravo alpha charlie delta Äther]", 5},
			{"the second page", chat.UserFilter{}, chat.PageRequest{Number: 1, Size: 2}, "[charlie delta]", 5},
			{"the last page", chat.UserFilter{}, chat.PageRequest{Number: 2, Size: 2}, "[Äther]", 5},
			{"beyond", chat.UserFilter{}, chat.PageRequest{Number: 3, Size: 2}, "[]", 5},
			{"far beyond", chat.UserFilter{}, chat.PageRequest{Number: 1 << 62, Size: 2}, "[]", 5},
			{"nonsense", chat.UserFilter{}, chat.PageRequest{Number: -1, Size: 2}, "[]", 5},
			{"no size", chat.UserFilter{}, chat.PageRequest{}, "[Bravo alpha charlie delta Äther]", 5},
			{"by age", chat.UserFilter{}, chat.PageRequest{Size: 10, Sort: []chat.Sort{{Property: "id", Descending: true}}}, "[charlie Äther alpha Bravo delta]", 5},
			{"by nonsense", chat.UserFilter{}, chat.PageRequest{Size: 3, Sort: []chat.Sort{{Property: "1; DROP TABLE users"}}}, "[Bravo alpha charlie]", 5},
			{"twice the same", chat.UserFilter{}, chat.PageRequest{Size: 2, Sort: []chat.Sort{{Property: "name", Descending: true}, {Property: "name"}}}, "[Äther delta]", 5},
			{"filtered", chat.UserFilter{Name: "alpha"}, chat.PageRequest{Size: 3}, "[alpha]", 1},
			{"nobody", chat.UserFilter{Name: "ALPHA"}, chat.PageRequest{Size: 3}, "[]", 0},
		} {
			f.view(func(tx *store.Tx) error {
				p, err := tx.Users(app, c.filter, c.request)
				want(t, c.what, names(p.Items, userName), c.names)
				want(t, c.what+": total", p.Total, c.total)
				return err
			})
		}
	})
}

func TestMembers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("app").ID
		ann, bob, eve := f.user(app, "ann"), f.user(app, "bob"), f.user(app, "eve")
		one := f.channel(app, chat.Public, "one", bob, ann)
		two := f.channel(app, chat.Private, "two", ann)
		three := f.channel(app, chat.Public, "three")
		f.update(func(tx *store.Tx) error {
			wantError(t, "joining twice", tx.InsertMember(chat.Member{Channel: one.ID, User: ann.ID, JoinedAt: tx.Now}), store.ErrDuplicate)
			wantError(t, "leaving what he is not in", tx.DeleteMember(one.ID, eve.ID), store.ErrNotFound)
			return nil
		})
		f.view(func(tx *store.Tx) error {
			is, err := tx.IsMember(one.ID, ann.ID)
			want(t, "ann in one", is, true)
			if err != nil {
				return err
			}
			is, err = tx.IsMember(three.ID, ann.ID)
			want(t, "ann in three", is, false)
			if err != nil {
				return err
			}
			in, err := tx.MemberOf(ann.ID, []chat.ChannelID{one.ID, two.ID, three.ID})
			if diff := cmp.Diff(map[chat.ChannelID]bool{one.ID: true, two.ID: true}, in); diff != "" || err != nil {
				t.Errorf("ann's: %v %s", err, diff)
			}
			in, err = tx.MemberOf(ann.ID, nil)
			want(t, "of none", len(in), 0)
			if err != nil {
				return err
			}
			p, err := tx.Members(one.ID, chat.PageRequest{Size: 10})
			want(t, "members of one", names(p.Items, userName), "[ann bob]")
			if err != nil {
				return err
			}
			p, err = tx.Members(one.ID, chat.PageRequest{Number: 1, Size: 1, Sort: []chat.Sort{{Property: "createdTime", Descending: true}}})
			want(t, "sorted and paged", names(p.Items, userName), "[ann]")
			want(t, "total", p.Total, 2)
			return err
		})
		f.update(func(tx *store.Tx) error { return tx.DeleteChannel(app, one.ID) })
		f.view(func(tx *store.Tx) error {
			ids, err := tx.ChannelsOf(ann.ID)
			if diff := cmp.Diff([]chat.ChannelID{two.ID}, ids); diff != "" {
				t.Errorf("ann's living channels: %s", diff)
			}
			return err
		})
		f.update(func(tx *store.Tx) error {
			for _, wanted := range [][]chat.ChannelID{{one.ID}, {two.ID}, {}} {
				gone, err := tx.PurgeMemberships(ann.ID, 1)
				if diff := cmp.Diff(wanted, gone); diff != "" || err != nil {
					t.Errorf("purge: %v %s", err, diff)
				}
			}
			return nil
		})
	})
}

func TestRequestsAreClaimedOnce(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		clock := clocktest.New(at(0))
		db := storetest.Open(t, store.Options{DSN: dsn, Now: clock.Now})
		f := newFixture(t, db)
		session := chat.Actor{Application: 1, User: 2, Session: 3, Request: "r"}
		application := chat.Actor{Application: 1, Request: "r"}
		claim := func(a chat.Actor, subject int64) (earlier int64) {
			f.update(func(tx *store.Tx) (err error) {
				earlier, err = tx.ClaimRequest(a, store.MessageMaker, subject)
				return err
			})
			return earlier
		}
		want(t, "the session's first", claim(session, 10), 0)
		want(t, "the session's second", claim(session, 11), 10)
		want(t, "the application's first", claim(application, 12), 0)
		want(t, "the application's second", claim(application, 13), 12)
		want(t, "without a name", claim(chat.Actor{Application: 1}, 14), 0)
		want(t, "again without a name", claim(chat.Actor{Application: 1}, 15), 0)

		f.update(func(tx *store.Tx) error { return tx.ForgetRequests(3) })
		want(t, "the session's after all was forgotten", claim(session, 16), 0)
		want(t, "the application's meanwhile", claim(application, 17), 12)

		clock.Advance(time.Minute)
		f.update(func(tx *store.Tx) error { return tx.ForgetApplicationRequests(1, at(0)) })
		want(t, "the application's while young enough", claim(application, 18), 12)
		f.update(func(tx *store.Tx) error { return tx.ForgetApplicationRequests(1, at(0).Add(time.Microsecond)) })
		want(t, "the application's when too old", claim(application, 19), 0)

		for _, name := range []string{"\x00", "\xff", string(make([]byte, 1000))} {
			err := db.Update(t.Context(), func(tx *store.Tx) error {
				_, err := tx.ClaimRequest(chat.Actor{Application: 1, Request: name}, store.MessageMaker, 1)
				return err
			})
			want(t, "a name that cannot be kept", chat.CodeOf(err), chat.Invalid)
		}
	})
}

func TestNodeNumbersAreLeased(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		clock := clocktest.New(at(0))
		db := storetest.Open(t, store.Options{DSN: dsn, Now: clock.Now})
		f := newFixture(t, db)
		lease := func(incarnation int64) (id chat.NodeID, err error) {
			err = db.Update(t.Context(), func(tx *store.Tx) error {
				id, err = tx.LeaseNode(incarnation, tx.Now.Add(10*time.Second))
				return err
			})
			return id, err
		}
		for wanted := range chat.NodeID(store.MaxNodes) {
			id, err := lease(int64(100 + wanted))
			if id != wanted || err != nil {
				t.Fatalf("node %d: %d, %v", wanted, id, err)
			}
		}
		_, err := lease(1)
		wantError(t, "one too many", err, store.ErrNotFound)

		clock.Advance(6 * time.Second)
		renew := func(id chat.NodeID, incarnation int64) error {
			return db.Update(t.Context(), func(tx *store.Tx) error {
				return tx.RenewNode(id, incarnation, tx.Now.Add(10*time.Second))
			})
		}
		for id := range chat.NodeID(store.MaxNodes) {
			if id == 3 || id == 5 {
				continue
			}
			if err := renew(id, int64(100+id)); err != nil {
				t.Fatal(err)
			}
		}
		clock.Advance(6 * time.Second) // 3 and 5 have lapsed
		f.view(func(tx *store.Tx) error {
			lapsed, err := tx.LapsedNodes()
			if diff := cmp.Diff([]chat.NodeID{3, 5}, lapsed); diff != "" {
				t.Errorf("lapsed: %s", diff)
			}
			return err
		})
		id, err := lease(200)
		want(t, "the lowest lapsed one", id, 3)
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, "the earlier holder's renewal", renew(3, 103), store.ErrNotFound)
		if err := renew(3, 200); err != nil {
			t.Errorf("the new holder's renewal: %v", err)
		}
		f.update(func(tx *store.Tx) error {
			wantError(t, "forgetting one that lives", tx.ForgetNode(3), store.ErrNotFound)
			return tx.ForgetNode(5)
		})
		wantError(t, "the renewal of one forgotten", renew(5, 105), store.ErrNotFound)
		f.view(func(tx *store.Tx) error {
			lapsed, err := tx.LapsedNodes()
			want(t, "lapsed ones", len(lapsed), 0)
			return err
		})
	})
}

func TestANodeNumberIsSeized(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		clock := clocktest.New(at(0))
		f := newFixture(t, storetest.Open(t, store.Options{DSN: dsn, Now: clock.Now}))
		f.update(func(tx *store.Tx) error {
			_, err := tx.LeaseNode(100, at(10))
			return err
		})
		f.update(func(tx *store.Tx) error { return tx.SeizeNode(0, 200, at(20)) }) // a lease that runs
		f.update(func(tx *store.Tx) error { return tx.SeizeNode(7, 300, at(20)) }) // one that nobody has
		f.update(func(tx *store.Tx) error {
			wantError(t, "the earlier holder's renewal", tx.RenewNode(0, 100, at(30)), store.ErrNotFound)
			return errors.Join(tx.RenewNode(0, 200, at(30)), tx.RenewNode(7, 300, at(30)))
		})
	})
}

func TestTheGreatestIdentifierIsFoundWhereverItIs(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		greatest := func() (id int64) {
			f.view(func(tx *store.Tx) (err error) {
				id, err = tx.GreatestID()
				return err
			})
			return id
		}
		want(t, "of none", greatest(), 0)
		app := f.application("app")
		want(t, "an application's", greatest(), int64(app.ID))
		ann := f.user(app.ID, "ann")
		want(t, "a user's", greatest(), int64(ann.ID))
		session := f.session(ann, 1)
		want(t, "a session's", greatest(), int64(session.ID))
		room := f.channel(app.ID, chat.Public, "room")
		want(t, "a channel's", greatest(), int64(room.ID))
		m := f.message(room, nil, "x")
		want(t, "a message's", greatest(), int64(m.ID))
		job := store.Job{ID: chat.JobID(f.id())}
		f.update(func(tx *store.Tx) error { return tx.InsertJob(job) })
		want(t, "a job's", greatest(), int64(job.ID))
	})
}

func TestJobsAreLeased(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		clock := clocktest.New(at(0))
		db := storetest.Open(t, store.Options{DSN: dsn, Now: clock.Now})
		f := newFixture(t, db)
		next := func() (due time.Time) {
			f.view(func(tx *store.Tx) (err error) {
				due, err = tx.NextJob("")
				return err
			})
			return due
		}
		lease := func(limit int) (jobs []store.Job) {
			f.update(func(tx *store.Tx) (err error) {
				jobs, err = tx.LeaseJobs("", tx.Now.Add(time.Minute), limit)
				return err
			})
			return jobs
		}
		want(t, "no jobs", next(), time.Time{})
		a := store.Job{ID: 1, Application: 9, Kind: "sing", Payload: `{"a":1}`, RunAt: at(2)}
		b := store.Job{ID: 2, Application: 9, Kind: "dance", Payload: `{}`, RunAt: at(1)}
		f.update(func(tx *store.Tx) error { return errors.Join(tx.InsertJob(a), tx.InsertJob(b)) })
		want(t, "the first is due", next(), at(1))
		want(t, "none is due yet", len(lease(10)), 0)

		clock.Advance(5 * time.Second)
		b.Attempts, b.RunAt = 1, at(65)
		if diff := cmp.Diff([]store.Job{b}, lease(1)); diff != "" {
			t.Errorf("the first: %s", diff)
		}
		a.Attempts, a.RunAt = 1, at(65)
		if diff := cmp.Diff([]store.Job{a}, lease(10)); diff != "" {
			t.Errorf("the others: %s", diff)
		}
		want(t, "all are leased", len(lease(10)), 0)

		f.update(func(tx *store.Tx) error {
			return errors.Join(tx.FinishJob(a, store.JobFinished, ""), tx.RetryJob(b, at(20), "slipped"))
		})
		want(t, "the retry is due", next(), at(20))
		clock.Advance(20 * time.Second)
		stale := b
		b.Attempts, b.RunAt = 2, at(85)
		if diff := cmp.Diff([]store.Job{b}, lease(10)); diff != "" {
			t.Errorf("the retry: %s", diff)
		}
		f.update(func(tx *store.Tx) error {
			wantError(t, "the finish of one who lost his lease", tx.FinishJob(stale, store.JobFinished, ""), store.ErrNotFound)
			wantError(t, "his retry", tx.RetryJob(stale, at(0), ""), store.ErrNotFound)
			wantError(t, "his prolonging", tx.ProlongJob(stale, at(500)), store.ErrNotFound)
			wantError(t, "the finish of what is finished", tx.FinishJob(a, store.JobFailed, ""), store.ErrNotFound)
			return tx.ProlongJob(b, at(100))
		})
		want(t, "the prolonged lease", next(), at(100))
		f.update(func(tx *store.Tx) error { return tx.FinishJob(b, store.JobFailed, "broke a leg") })
		want(t, "nothing is left", next(), time.Time{})

		watched := store.Job{ID: 3, Application: 9, Kind: "import", Payload: `{}`, RunAt: at(26)}
		f.update(func(tx *store.Tx) error {
			return errors.Join(tx.InsertJob(watched), tx.InsertApplicationJob(chat.Job{ID: 3, Application: 9, Task: chat.ExportUsers}))
		})
		clock.Advance(time.Minute)
		watched.Attempts = lease(1)[0].Attempts
		f.update(func(tx *store.Tx) error { return tx.FinishJob(watched, store.JobFinished, "") })
		clock.Advance(time.Hour)
		forget := func(before time.Time) (n int64) {
			f.update(func(tx *store.Tx) (err error) {
				n, err = tx.ForgetJobs(before, 10)
				return err
			})
			return n
		}
		want(t, "forgotten while it is young", forget(at(5)), 0)
		want(t, "forgotten: neither the failed nor the watched", forget(clock.Now()), 1)
		want(t, "forgotten again", forget(clock.Now()), 0)
		f.view(func(tx *store.Tx) error {
			j, err := tx.ApplicationJob(9, 3)
			want(t, "the watched one", j.State, chat.JobFinished)
			return err
		})
	})
}
