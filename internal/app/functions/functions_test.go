package functions_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/functions"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/seal"
	"github.com/purrchat/purr/internal/store"
)

// workshop is a world whose owner writes functions.
type workshop struct {
	*apptest.World
	t *testing.T
}

func each(t *testing.T, fn func(t *testing.T, w workshop)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, w *apptest.World) { fn(t, workshop{w, t}) })
}

// must gives what a deed has made.
func must[T any](t *testing.T) func(T, error) T {
	return func(made T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
}

func (w workshop) create(name string) chat.Function {
	w.t.Helper()
	return must[chat.Function](w.t)(w.Functions.Create(w.t.Context(), w.Owner(), functions.CreateInput{Type: "user.sent.message", Name: name}))
}

func (w workshop) deploy(f chat.Function, script string) chat.FunctionVersion {
	w.t.Helper()
	return must[chat.FunctionVersion](w.t)(w.Functions.CreateVersion(w.t.Context(), w.Owner(), f.ID, script))
}

// same fails the test unless two things are alike.
func same[T any](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

func TestFunctionsAreMadeAndListed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w workshop) {
		in := functions.CreateInput{Type: "some.thing", Name: "Ünï 🙂", Description: "of no use", InBackground: true}
		made := must[chat.Function](t)(w.Functions.Create(t.Context(), w.Owner(), in))
		same(t, "made", made, chat.Function{
			ID: made.ID, Application: w.App.ID, Type: in.Type, Name: in.Name, Description: in.Description, Enabled: true, InBackground: true, CreatedAt: apptest.Start,
		})
		same(t, "found", must[chat.Function](t)(w.Functions.Retrieve(t.Context(), w.Owner(), made.ID)), made)
		second := w.create("A")
		list := func(r chat.PageRequest) string {
			p := must[chat.Page[chat.Function]](t)(w.Functions.List(t.Context(), w.Owner(), r))
			names := fmt.Sprint(p.Total)
			for _, f := range p.Items {
				names += " " + f.Name
			}
			return names
		}
		apptest.Want(t, "listed", list(chat.PageRequest{}), "2 Ünï 🙂 A")
		apptest.Want(t, "a page", list(chat.PageRequest{Number: 1, Size: 1}), "2 A")
		apptest.Want(t, "sorted", list(chat.PageRequest{Sort: []chat.Sort{{Property: "name"}, {Property: "'"}}}), "2 A Ünï 🙂")
		apptest.Want(t, "news", w.News(), "")

		again := w.Owner()
		again.Request = "once"
		first := must[chat.Function](t)(w.Functions.Create(t.Context(), again, in))
		same(t, "the same request", must[chat.Function](t)(w.Functions.Create(t.Context(), again, in)), first)

		for field, in := range map[string]functions.CreateInput{
			"type": {Name: "x"}, "name": {Type: "x"}, "description": {Type: "x", Name: "x", Description: strings.Repeat("x", chat.MaxFunctionDescription+1)},
		} {
			w.Refused("without "+field, apptest.Reason("InvalidRequestError"), func() error {
				_, err := w.Functions.Create(t.Context(), w.Owner(), in)
				var e *chat.Error
				if errors.As(err, &e) && e.Field != field {
					t.Errorf("%s is refused for %s", field, e.Field)
				}
				return err
			})
		}
		w.strangers(second)
	})
}

// strangers checks that nobody but the application gets at a function.
func (w workshop) strangers(f chat.Function) {
	w.t.Helper()
	ctx := w.t.Context()
	script := w.deploy(f, "x")
	other := chat.Actor{Application: w.Application("other").Application.ID}
	user := w.As(w.User("ann"))
	for what, deed := range map[string]func(chat.Actor) error{
		"retrieve":         func(a chat.Actor) error { _, err := w.Functions.Retrieve(ctx, a, f.ID); return err },
		"create a version": func(a chat.Actor) error { _, err := w.Functions.CreateVersion(ctx, a, f.ID, "y"); return err },
		"current version":  func(a chat.Actor) error { _, err := w.Functions.RetrieveCurrentVersion(ctx, a, f.ID); return err },
		"versions": func(a chat.Actor) error {
			_, err := w.Functions.ListVersions(ctx, a, f.ID, chat.PageRequest{})
			return err
		},
		"invocations": func(a chat.Actor) error {
			_, err := w.Functions.ListInvocations(ctx, a, f.ID, chat.PageRequest{})
			return err
		},
	} {
		w.Refused(what+" by another application", chat.ErrUnknownFunction, func() error { return deed(other) })
		w.Refused(what+" by a user", chat.ErrForbidden, func() error { return deed(user) })
	}
	version := func(a chat.Actor) func() error {
		return func() error { _, err := w.Functions.RetrieveVersion(ctx, a, script.ID); return err }
	}
	w.Refused("a version by another application", chat.ErrUnknownFunctionVersion, version(other))
	w.Refused("a version by a user", chat.ErrForbidden, version(user))
	w.Refused("a list by a user", chat.ErrForbidden, func() error { _, err := w.Functions.List(ctx, user, chat.PageRequest{}); return err })
	w.Refused("a function by a user", chat.ErrForbidden, func() error {
		_, err := w.Functions.Create(ctx, user, functions.CreateInput{Type: "x", Name: "x"})
		return err
	})
	if p, err := w.Functions.List(ctx, other, chat.PageRequest{}); err != nil || p.Total != 0 {
		w.t.Errorf("another application lists %v %v", p, err)
	}
}

func TestVersionsFollowOneAnother(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w workshop) {
		f, other := w.create("f"), w.create("other")
		w.Refused("no version yet", chat.ErrUnknownFunctionVersion, func() error {
			_, err := w.Functions.RetrieveCurrentVersion(t.Context(), w.Owner(), f.ID)
			return err
		})
		scripts := []string{"one", "two\r\n\t\"'\\ \u2028 🙂", strings.Repeat("x", chat.MaxScript)}
		for i, script := range scripts {
			v := w.deploy(f, script)
			same(t, "made", v, chat.FunctionVersion{
				ID: v.ID, Application: w.App.ID, Function: f.ID, Number: int64(i + 1), Script: script, CreatedAt: apptest.Start,
			})
			same(t, "found", must[chat.FunctionVersion](t)(w.Functions.RetrieveVersion(t.Context(), w.Owner(), v.ID)), v)
			same(t, "current", must[chat.FunctionVersion](t)(w.Functions.RetrieveCurrentVersion(t.Context(), w.Owner(), f.ID)), v)
			apptest.Want(t, "its number", must[chat.Function](t)(w.Functions.Retrieve(t.Context(), w.Owner(), f.ID)).CurrentVersion, v.Number)
		}
		apptest.Want(t, "the other's number", w.deploy(other, "x").Number, 1)

		once := w.Owner()
		once.Request = "once"
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				v, err := w.Functions.CreateVersion(t.Context(), once, f.ID, "once")
				if err != nil || v.Number != 4 {
					t.Errorf("the same request made %d %v", v.Number, err)
				}
			})
			all.Go(func() {
				if _, err := w.Functions.CreateVersion(t.Context(), w.Owner(), other.ID, "each"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		list := func(id chat.FunctionID, r chat.PageRequest) string {
			p := must[chat.Page[chat.FunctionVersion]](t)(w.Functions.ListVersions(t.Context(), w.Owner(), id, r))
			numbers := fmt.Sprint(p.Total, ":")
			for _, v := range p.Items {
				numbers += fmt.Sprint(" ", v.Number)
			}
			return numbers
		}
		apptest.Want(t, "versions", list(f.ID, chat.PageRequest{}), "4: 4 3 2 1")
		apptest.Want(t, "at once", list(other.ID, chat.PageRequest{}), "9: 9 8 7 6 5 4 3 2 1")
		apptest.Want(t, "the oldest first", list(f.ID, chat.PageRequest{Size: 2, Sort: []chat.Sort{{Property: "versionNumber"}}}), "4: 1 2")
		for _, script := range []string{"", "\x00", "\xff", strings.Repeat("x", chat.MaxScript+1)} {
			w.Refused("a bad script", chat.Invalidf("handlerScript", ""), func() error {
				_, err := w.Functions.CreateVersion(t.Context(), w.Owner(), f.ID, script)
				return err
			})
		}
	})
}

func TestARuntimeIsThereFromTheStart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w workshop) {
		runtimes := make([]chat.Runtime, 8)
		var all sync.WaitGroup
		for i := range runtimes {
			all.Go(func() { runtimes[i] = must[chat.Runtime](t)(w.Functions.RetrieveRuntime(t.Context(), w.Owner())) })
		}
		all.Wait()
		r := runtimes[0]
		for _, again := range runtimes {
			same(t, "looked at by many", again, r)
		}
		same(t, "new", r, chat.Runtime{
			Application: w.App.ID, Dependencies: []chat.Dependency{}, Variables: []chat.Variable{}, ClientID: w.App.ClientID, ClientSecret: r.ClientSecret,
		})
		other := must[chat.Runtime](t)(w.Functions.RetrieveRuntime(t.Context(), chat.Actor{Application: w.Application("other").Application.ID}))
		if r.ClientSecret == "" || r.ClientSecret == other.ClientSecret || r.ClientSecret == w.Credentials.ClientSecret {
			t.Error("the secret is not the runtime's own")
		}
		ann := w.As(w.User("ann"))
		w.Refused("a user", chat.ErrForbidden, func() error { _, err := w.Functions.RetrieveRuntime(t.Context(), ann); return err })
		w.Refused("a user who changes it", chat.ErrForbidden, func() error { _, err := w.Functions.UpdateScript(t.Context(), ann, "x"); return err })
		nobody := chat.Actor{Application: 1}
		w.Refused("no application", chat.ErrUnknownApplication, func() error { _, err := w.Functions.RetrieveRuntime(t.Context(), nobody); return err })
		w.Refused("no application's", chat.ErrUnknownApplication, func() error { _, err := w.Functions.UpdateScript(t.Context(), nobody, "x"); return err })
	})
}

// The parts of a runtime are replaced each by itself.
func TestARuntimeChanges(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w workshop) {
		ctx := t.Context()
		update := must[chat.Runtime](t)
		wanted := update(w.Functions.UpdateScript(ctx, w.Owner(), "var foo = 8;\r\n\t// 🙂 \u2028"))
		apptest.Want(t, "the script", wanted.Script, "var foo = 8;\r\n\t// 🙂 \u2028")
		wanted.Dependencies = []chat.Dependency{{Name: "qs", Version: "7"}, {Name: "firebase", Version: "^9.8.2"}}
		same(t, "packages", update(w.Functions.UpdateDependencies(ctx, w.Owner(), append(chat.DefaultDependencies()[:3], wanted.Dependencies...))), wanted)
		wanted.Variables = []chat.Variable{{Name: "A", Value: "hush \"🙂\"\n"}, {Name: "b", Value: ""}}
		same(t, "variables", update(w.Functions.UpdateVariables(ctx, w.Owner(), []chat.Variable{wanted.Variables[1], wanted.Variables[0]})), wanted)
		same(t, "kept", update(w.Functions.RetrieveRuntime(ctx, w.Owner())), wanted)
		w.sealed("hush", wanted.ClientSecret)

		for what, deed := range map[string]func() error{
			"script": func() error {
				_, err := w.Functions.UpdateScript(ctx, w.Owner(), strings.Repeat("x", chat.MaxScript+1))
				return err
			},
			"dependencies[0].name": func() error {
				_, err := w.Functions.UpdateDependencies(ctx, w.Owner(), []chat.Dependency{{}})
				return err
			},
			"environmentVariables": func() error { _, err := w.Functions.UpdateVariables(ctx, w.Owner(), []chat.Variable{{}}); return err },
		} {
			w.Refused("a bad "+what, chat.Invalidf(what, ""), deed)
		}
		same(t, "after refusals", update(w.Functions.RetrieveRuntime(ctx, w.Owner())), wanted)

		wanted.Variables, wanted.Dependencies, wanted.Script = []chat.Variable{}, []chat.Dependency{}, ""
		update(w.Functions.UpdateVariables(ctx, w.Owner(), nil))
		update(w.Functions.UpdateDependencies(ctx, w.Owner(), nil))
		same(t, "emptied", update(w.Functions.UpdateScript(ctx, w.Owner(), "")), wanted)
		apptest.Want(t, "news", w.News(), "")
	})
}

// sealed checks that the database shows none of the texts, and that another key
// does not open it.
func (w workshop) sealed(texts ...string) {
	w.t.Helper()
	kept := w.kept()
	for _, text := range texts {
		if whole := fmt.Sprintf("%+v", kept); strings.Contains(whole, text) {
			w.t.Errorf("%s shows in %s", text, whole)
		}
	}
	key, err := seal.Load(w.t.TempDir() + "/key")
	if err != nil {
		w.t.Fatal(err)
	}
	stranger := &functions.Functions{DB: w.DB, IDs: w.IDs, Secrets: key}
	if r, err := stranger.RetrieveRuntime(w.t.Context(), w.Owner()); err == nil || chat.CodeOf(err) != chat.Internal {
		w.t.Errorf("another key opens %v %v", r, err)
	}
}

func (w workshop) kept() (kept store.Runtime) {
	w.t.Helper()
	err := w.DB.View(w.t.Context(), func(tx *store.Tx) (err error) {
		kept, err = tx.Runtime(w.App.ID)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return kept
}

// What scripts are given lets them in, until the application's own secret is
// replaced.
func TestTheSecretOfARuntimeIsGood(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w workshop) {
		ctx := t.Context()
		retrieve := func() chat.Runtime {
			t.Helper()
			return must[chat.Runtime](t)(w.Functions.RetrieveRuntime(ctx, w.Owner()))
		}
		for _, secret := range []string{"", "x"} {
			if _, err := w.Accounts.IssueToken(ctx, w.App.ClientID, secret); !errors.Is(err, chat.ErrInvalidClient) {
				t.Errorf("%q before there is a secret: %v", secret, err)
			}
		}
		r := retrieve()
		token, err := w.Accounts.IssueToken(ctx, r.ClientID, r.ClientSecret)
		if err != nil {
			t.Fatal(err)
		}
		actor, err := w.Accounts.AuthenticateToken(ctx, token.Value)
		if err != nil || actor != w.Owner() {
			t.Errorf("the runtime acts as %v %v", actor, err)
		}
		if _, err := w.Accounts.IssueToken(ctx, w.App.ClientID, w.Credentials.ClientSecret); err != nil {
			t.Errorf("the application's own secret: %v", err)
		}
		variables := must[chat.Runtime](t)(w.Functions.UpdateVariables(ctx, w.Owner(), []chat.Variable{{Name: "A", Value: "1"}})).Variables
		if _, err := w.Accounts.RotateSecret(ctx, w.App.ID); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"", r.ClientSecret} {
			if _, err := w.Accounts.IssueToken(ctx, r.ClientID, secret); !errors.Is(err, chat.ErrInvalidClient) {
				t.Errorf("%q after it was revoked: %v", secret, err)
			}
		}
		again := retrieve()
		if again.ClientSecret == r.ClientSecret || again.ClientSecret == "" {
			t.Errorf("the secret is still %q", again.ClientSecret)
		}
		same(t, "the variables", again.Variables, variables)
		if _, err := w.Accounts.IssueToken(ctx, again.ClientID, again.ClientSecret); err != nil {
			t.Errorf("the new secret: %v", err)
		}
	})
}

func TestRunsAreLogged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w workshop) {
		ctx := t.Context()
		f, other := w.create("f"), w.create("other")
		runs := func(id chat.FunctionID, r chat.PageRequest) chat.Page[chat.Invocation] {
			t.Helper()
			return must[chat.Page[chat.Invocation]](t)(w.Functions.ListInvocations(ctx, w.Owner(), id, r))
		}
		running := chat.Invocation{
			ID: chat.InvocationID(w.IDs.Next()), Application: w.App.ID, Function: f.ID, Version: 34, Status: chat.InvocationRunning,
			Args:      json.RawMessage(`{"username":"<é>","authParams":{"displayName":"Jane","n":1.50,"loginPassword":"hush","deep":[{"apiToken":{"a":1}}]}}`),
			CreatedAt: apptest.Start,
		}
		thrown := running
		thrown.ID, thrown.Status, thrown.Duration = chat.InvocationID(w.IDs.Next()), chat.InvocationFailed, 1500*time.Microsecond
		thrown.Args = json.RawMessage(`{"user":{"password":"shown"}}`)
		thrown.Failure = &chat.InvocationFailure{Reason: "thrown", Name: "Error", Message: "no", Stack: "at x"}
		thrown.Lines = []chat.ConsoleLine{{Level: "log", Time: apptest.Start, Message: "hello"}}
		if err := w.Functions.Log(ctx, []chat.Invocation{running, thrown}); err != nil {
			t.Fatal(err)
		}
		running.Args = json.RawMessage(`{"authParams":{"deep":[{"apiToken":"***"}],"displayName":"Jane","loginPassword":"***","n":1.50},"username":"<é>"}`)
		same(t, "two", runs(f.ID, chat.PageRequest{}), chat.Page[chat.Invocation]{Items: []chat.Invocation{thrown, running}, Size: 25, Total: 2})
		same(t, "sorted", runs(f.ID, chat.PageRequest{Size: 1, Sort: []chat.Sort{{Property: "status", Descending: true}}}).Items, []chat.Invocation{running})
		same(t, "of the other", runs(other.ID, chat.PageRequest{}).Total, 0)

		ended := running
		ended.Status, ended.Payload, ended.Duration = chat.InvocationSucceeded, json.RawMessage(`["Hello",null]`), time.Second
		late := thrown
		late.Status, late.Failure = chat.InvocationSucceeded, nil
		if err := w.Functions.Log(ctx, []chat.Invocation{ended, late}); err != nil {
			t.Fatal(err)
		}
		same(t, "ended", runs(f.ID, chat.PageRequest{}).Items, []chat.Invocation{thrown, ended})

		for _, args := range []string{"", "[]", "null", "x", `{"authParams":`} {
			if err := w.Functions.Log(ctx, []chat.Invocation{{ID: 1, Args: json.RawMessage(args)}}); err == nil {
				t.Errorf("%q were arguments", args)
			}
		}
	})
}

func TestTheConsoleOfARunIsCut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w workshop) {
		f := w.create("f")
		for what, c := range map[string]struct{ lines, size, kept int }{
			"many lines": {1000, 1, 200}, "long lines": {20, 1 << 10, 16}, "one line too long": {1, 17 << 10, 0},
		} {
			run := chat.Invocation{ID: chat.InvocationID(w.IDs.Next()), Application: w.App.ID, Function: f.ID, Status: chat.InvocationSucceeded, Args: json.RawMessage("{}")}
			for range c.lines {
				run.Lines = append(run.Lines, chat.ConsoleLine{Level: "log", Message: strings.Repeat("x", c.size)})
			}
			if err := w.Functions.Log(t.Context(), []chat.Invocation{run}); err != nil {
				t.Fatal(err)
			}
			p := must[chat.Page[chat.Invocation]](t)(w.Functions.ListInvocations(t.Context(), w.Owner(), f.ID, chat.PageRequest{Size: 1}))
			apptest.Want(t, what, len(p.Items[0].Lines), c.kept)
		}
	})
}

func TestOldRunsAreForgotten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w workshop) {
		f, other := w.create("f"), w.create("other")
		log := func(f chat.Function, n int) {
			t.Helper()
			runs := make([]chat.Invocation, n)
			for i := range runs {
				runs[i] = chat.Invocation{
					ID: chat.InvocationID(w.IDs.Next()), Application: w.App.ID, Function: f.ID, Status: chat.InvocationSucceeded,
					Args: json.RawMessage("{}"), CreatedAt: w.Clock.Now(),
				}
			}
			if err := w.Functions.Log(t.Context(), runs); err != nil {
				t.Fatal(err)
			}
		}
		left := func(what string, f chat.Function, wanted int64) {
			t.Helper()
			if err := w.Functions.ForgetInvocations(t.Context()); err != nil {
				t.Fatal(err)
			}
			p := must[chat.Page[chat.Invocation]](t)(w.Functions.ListInvocations(t.Context(), w.Owner(), f.ID, chat.PageRequest{Size: 1}))
			apptest.Want(t, what, p.Total, wanted)
		}
		left("of none", f, 0)
		log(f, 3)
		log(other, 1)
		w.Clock.Advance(29 * 24 * time.Hour)
		log(f, 2)
		left("not yet old", f, 5)
		w.Clock.Advance(2 * 24 * time.Hour)
		left("partly old", f, 2)
		left("old", other, 0)
	})
}
