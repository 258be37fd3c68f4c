package store_test

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

// Of a function's runs the newest stay, and none that is too old; those of
// others do not count.
func TestInvocationsAreForgottenInSteps(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("first").ID
		one, two := chat.FunctionID(f.id()), chat.FunctionID(f.id())
		f.update(func(tx *store.Tx) error {
			for _, id := range []chat.FunctionID{one, two} {
				if err := tx.InsertFunction(chat.Function{ID: id, Application: app, Type: "x", Name: "x"}); err != nil {
					return err
				}
			}
			for i := range 20 {
				run := chat.Invocation{
					ID: chat.InvocationID(f.id()), Application: app, Function: one, Version: int64(i), Status: chat.InvocationSucceeded,
					Args: json.RawMessage("{}"), CreatedAt: at(i),
				}
				if i%2 == 1 {
					run.Function = two
				}
				if err := tx.SetInvocation(run); err != nil {
					return err
				}
			}
			return nil
		})
		versions := func(id chat.FunctionID) (list string) {
			f.view(func(tx *store.Tx) error {
				p, err := tx.Invocations(id, chat.PageRequest{})
				list = names(p.Items, func(i chat.Invocation) string { return strconv.FormatInt(i.Version, 10) })
				return err
			})
			return list
		}
		forget := func(id chat.FunctionID, before time.Time, keep int, wantMore bool) {
			t.Helper()
			f.update(func(tx *store.Tx) error {
				more, err := tx.ForgetInvocations(id, before, keep, 3)
				want(t, "more", more, wantMore)
				return err
			})
		}
		forget(one, at(0), 10, false)
		want(t, "nothing to forget", versions(one), "[18 16 14 12 10 8 6 4 2 0]")
		forget(one, at(0), 6, true)
		want(t, "a step", versions(one), "[18 16 14 12 10 8 6]")
		forget(one, at(0), 6, false)
		want(t, "too many", versions(one), "[18 16 14 12 10 8]")
		forget(one, at(12), 6, false)
		want(t, "too old", versions(one), "[18 16 14 12]")
		forget(one, at(16), 2, false)
		want(t, "both", versions(one), "[18 16]")
		want(t, "the other's", versions(two), "[19 17 15 13 11 9 7 5 3 1]")
		f.view(func(tx *store.Tx) error {
			list, err := tx.InvokedFunctions()
			want(t, "functions with runs", len(list), 2)
			return err
		})
	})
}
