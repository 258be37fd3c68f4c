package accounts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/chat"
)

var want = apptest.Want[string]

func TestAnApplicationIsMadeWithCredentials(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		made, err := w.Accounts.CreateApplication(t.Context(), "Shop")
		if err != nil {
			t.Fatal(err)
		}
		app := made.Application
		if app.Settings.GuestUsers != chat.Enabled || app.Settings.UserCreatedChannels != chat.Enabled || app.CreatedAt != apptest.Start {
			t.Errorf("made: %+v", app)
		}
		if len(made.ClientSecret) < 40 || app.Key == app.ClientID || len(app.Key) != 36 {
			t.Errorf("credentials: %+v", made)
		}
		found, err := w.Accounts.RetrieveApplication(t.Context(), chat.Actor{Application: app.ID})
		if diff := cmp.Diff(app, found); diff != "" || err != nil {
			t.Errorf("found: %v %s", err, diff)
		}
		list, err := w.Accounts.ListApplications(t.Context())
		if diff := cmp.Diff([]chat.Application{w.App, app}, list); diff != "" || err != nil {
			t.Errorf("list: %v %s", err, diff)
		}
		_, err = w.Accounts.RetrieveApplication(t.Context(), chat.Actor{Application: 1})
		want(t, "an unknown one", string(chat.CodeOf(err)), string(chat.NotFound))
		for what, name := range map[string]string{"without a name": "", "with a long name": strings.Repeat("x", chat.MaxDisplayName+1)} {
			w.Refused(what, apptest.Reason("InvalidRequestError"), func() error {
				_, err := w.Accounts.CreateApplication(t.Context(), name)
				return err
			})
		}
	})
}

// speaksFor tells whose token it is: an application's id, or the reason why
// nobody's.
func speaksFor(t *testing.T, w *apptest.World, token string) chat.ApplicationID {
	t.Helper()
	actor, err := w.Accounts.AuthenticateToken(t.Context(), token)
	if err != nil {
		if !chat.ErrInvalidToken.Is(err) {
			t.Errorf("token %q: %v", token, err)
		}
		return 0
	}
	if actor != (chat.Actor{Application: actor.Application}) {
		t.Errorf("actor: %+v", actor)
	}
	return actor.Application
}

func TestATokenSpeaksForItsApplicationUntilItRunsOut(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		issue := func() string {
			token, err := w.Accounts.IssueToken(t.Context(), w.App.ClientID, w.Credentials.ClientSecret)
			if err != nil || token.Application != w.App.ID || token.Lifetime != time.Hour {
				t.Fatalf("%+v %v", token, err)
			}
			return token.Value
		}
		first := issue()
		w.Clock.Advance(30 * time.Minute)
		second := issue()
		if first == second {
			t.Error("tokens repeat")
		}
		app := apptest.Want[chat.ApplicationID]
		app(t, "the first", speaksFor(t, w, first), w.App.ID)
		app(t, "the second", speaksFor(t, w, second), w.App.ID)
		w.Clock.Advance(31*time.Minute - time.Microsecond) // a minute of mercy
		app(t, "the first at its end", speaksFor(t, w, first), w.App.ID)
		w.Clock.Advance(time.Microsecond)
		app(t, "the first after its end", speaksFor(t, w, first), 0)
		app(t, "the second", speaksFor(t, w, second), w.App.ID)
		for _, nonsense := range []string{"", "x", first + "x", "\x00", "\xff", strings.Repeat("x", 5000)} {
			app(t, "nonsense", speaksFor(t, w, nonsense), 0)
		}
	})
}

func TestWrongClientsGetNoToken(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		other := w.Application("other")
		for what, c := range map[string]struct{ id, secret string }{
			"an unknown client":      {"nobody", w.Credentials.ClientSecret},
			"a wrong secret":         {w.App.ClientID, "wrong"},
			"an empty secret":        {w.App.ClientID, ""},
			"another one's secret":   {w.App.ClientID, other.ClientSecret},
			"the key for the id":     {w.App.Key, w.Credentials.ClientSecret},
			"a client without an id": {"", ""},
		} {
			w.Refused(what, chat.ErrInvalidClient, func() error {
				_, err := w.Accounts.IssueToken(t.Context(), c.id, c.secret)
				return err
			})
		}
	})
}

func TestANewSecretReplacesTheOldOneAndItsTokens(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		other := w.Application("other")
		issue := func(c chat.Credentials) string {
			t.Helper()
			token, err := w.Accounts.IssueToken(t.Context(), c.Application.ClientID, c.ClientSecret)
			if err != nil {
				t.Fatal(err)
			}
			return token.Value
		}
		old, others := issue(w.Credentials), issue(other)
		rotated, err := w.Accounts.RotateSecret(t.Context(), w.App.ID)
		if err != nil || rotated.Application.ID != w.App.ID || rotated.ClientSecret == w.Credentials.ClientSecret {
			t.Fatalf("%+v %v", rotated, err)
		}
		app := apptest.Want[chat.ApplicationID]
		app(t, "a token of the old secret", speaksFor(t, w, old), 0)
		app(t, "the other application's", speaksFor(t, w, others), other.Application.ID)
		app(t, "one of the new secret", speaksFor(t, w, issue(rotated)), w.App.ID)
		w.Refused("the old secret", chat.ErrInvalidClient, func() error {
			_, err := w.Accounts.IssueToken(t.Context(), w.App.ClientID, w.Credentials.ClientSecret)
			return err
		})
		w.Refused("rotating nobody's", chat.ErrUnknownApplication, func() error {
			_, err := w.Accounts.RotateSecret(t.Context(), 1)
			return err
		})
	})
}
