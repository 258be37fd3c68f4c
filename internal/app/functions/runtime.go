package functions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// RetrieveRuntime gives the runtime of the actor's application. Who looks at it
// first, or after its secret was revoked, has a secret made for it.
func (f *Functions) RetrieveRuntime(ctx context.Context, actor chat.Actor) (r chat.Runtime, err error) {
	if !actor.IsApplication() {
		return r, chat.ErrForbidden
	}
	var app chat.Application
	var kept store.Runtime
	err = f.DB.View(ctx, func(tx *store.Tx) error {
		if app, err = tx.Application(actor.Application); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownApplication)
		}
		if kept, err = tx.Runtime(app.ID); errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return r, err
	}
	if kept.Secret == "" {
		return f.change(ctx, actor, func(*store.Runtime) {})
	}
	return f.open(app, kept)
}

// UpdateDependencies replaces the packages that the application has added.
func (f *Functions) UpdateDependencies(ctx context.Context, actor chat.Actor, list []chat.Dependency) (chat.Runtime, error) {
	custom, err := chat.CustomDependencies(list)
	if err != nil {
		return chat.Runtime{}, err
	}
	return f.change(ctx, actor, func(r *store.Runtime) { r.Dependencies = custom })
}

// UpdateVariables replaces the environment variables that the application has
// set. They are sealed before they are stored.
func (f *Functions) UpdateVariables(ctx context.Context, actor chat.Actor, list []chat.Variable) (chat.Runtime, error) {
	custom, err := chat.CustomVariables(list)
	if err != nil {
		return chat.Runtime{}, err
	}
	sealed := ""
	if len(custom) > 0 {
		text, err := json.Marshal(custom)
		if err != nil {
			return chat.Runtime{}, err
		}
		sealed = f.Secrets.Seal(text, variablesPlace(actor.Application))
	}
	return f.change(ctx, actor, func(r *store.Runtime) { r.Variables = sealed })
}

// UpdateScript replaces the script that runs before any function. It is kept as
// it came; an empty one is none.
func (f *Functions) UpdateScript(ctx context.Context, actor chat.Actor, script string) (chat.Runtime, error) {
	if err := chat.CheckOptionalText("script", script, chat.MaxScript); err != nil {
		return chat.Runtime{}, err
	}
	return f.change(ctx, actor, func(r *store.Runtime) { r.Script = script })
}

// change changes a runtime and sees to it that it has a secret.
func (f *Functions) change(ctx context.Context, actor chat.Actor, set func(*store.Runtime)) (chat.Runtime, error) {
	if !actor.IsApplication() {
		return chat.Runtime{}, chat.ErrForbidden
	}
	secret, hashed := accounts.NewSecret()
	sealed := f.Secrets.Seal([]byte(secret), secretPlace(actor.Application))
	var app chat.Application
	var kept store.Runtime
	err := f.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if app, err = tx.Application(actor.Application); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownApplication)
		}
		kept, err = tx.Runtime(app.ID)
		if errors.Is(err, store.ErrNotFound) {
			kept, err = store.Runtime{Application: app.ID, Dependencies: []chat.Dependency{}}, nil
		}
		if err != nil {
			return err
		}
		if kept.Secret == "" {
			kept.Secret, kept.SecretHash = sealed, hashed
		}
		set(&kept)
		return tx.SetRuntime(kept)
	})
	if err != nil {
		return chat.Runtime{}, err
	}
	return f.open(app, kept)
}

// open is a runtime with its secrets to be read.
func (f *Functions) open(app chat.Application, kept store.Runtime) (chat.Runtime, error) {
	r := chat.Runtime{
		Application: app.ID, Dependencies: kept.Dependencies, Variables: []chat.Variable{}, Script: kept.Script, ClientID: app.ClientID,
	}
	secret, err := f.Secrets.Open(kept.Secret, secretPlace(app.ID))
	if err != nil {
		return r, fmt.Errorf("open the secret of the runtime of %d: %w", app.ID, err)
	}
	r.ClientSecret = string(secret)
	if kept.Variables == "" {
		return r, nil
	}
	text, err := f.Secrets.Open(kept.Variables, variablesPlace(app.ID))
	if err == nil {
		err = json.Unmarshal(text, &r.Variables)
	}
	if err != nil {
		return r, fmt.Errorf("open the variables of the runtime of %d: %w", app.ID, err)
	}
	return r, nil
}

// secretPlace and variablesPlace are where these are kept, so that none can be
// put in the place of another.
func secretPlace(app chat.ApplicationID) string {
	return fmt.Sprintf("secret of the runtime of %d", app)
}

func variablesPlace(app chat.ApplicationID) string {
	return fmt.Sprintf("variables of the runtime of %d", app)
}
