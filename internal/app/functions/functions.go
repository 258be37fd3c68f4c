// Package functions holds the deeds about code of an application's own: its
// functions and their versions, the runtime that they share, and the log of
// their runs. It keeps them; what runs them is none of its business.
//
//	functions.go    functions and their versions
//	runtime.go      packages, variables and the script that all functions share
//	invocations.go  the log
//
// A Functions is safe for concurrent use and keeps nothing besides the store.
package functions

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/kit/seal"
	"github.com/purrchat/purr/internal/store"
)

// Functions carries out the deeds. All fields must be set.
type Functions struct {
	DB  *store.DB
	IDs *ident.Generator
	// Secrets seals the variables of runtimes and the secrets of their clients.
	Secrets *seal.Key
}

// CreateInput is what Create needs.
type CreateInput struct {
	// Type is what the function waits for.
	Type        string
	Name        string
	Description string
	// InBackground tells that nobody waits until a new version is prepared.
	InBackground bool
}

// Create makes a function, which has no code yet.
func (f *Functions) Create(ctx context.Context, actor chat.Actor, in CreateInput) (made chat.Function, err error) {
	if !actor.IsApplication() {
		return made, chat.ErrForbidden
	}
	if err := in.check(); err != nil {
		return made, err
	}
	id := f.IDs.Next()
	err = f.DB.Update(ctx, func(tx *store.Tx) error {
		earlier, err := tx.ClaimRequest(actor, store.FunctionMaker, id)
		if err != nil {
			return err
		}
		if earlier != 0 {
			made, err = function(tx, actor, chat.FunctionID(earlier))
			return err
		}
		made = chat.Function{
			ID: chat.FunctionID(id), Application: actor.Application, Type: in.Type, Name: in.Name, Description: in.Description,
			Enabled: true, InBackground: in.InBackground, CreatedAt: tx.Now,
		}
		return tx.InsertFunction(made)
	})
	return made, err
}

func (in CreateInput) check() error {
	if err := chat.CheckText("type", in.Type, chat.MaxFunctionType); err != nil {
		return err
	}
	if err := chat.CheckText("name", in.Name, chat.MaxFunctionName); err != nil {
		return err
	}
	return chat.CheckOptionalText("description", in.Description, chat.MaxFunctionDescription)
}

// function finds a function that the actor may see.
func function(tx *store.Tx, actor chat.Actor, id chat.FunctionID) (chat.Function, error) {
	if !actor.IsApplication() {
		return chat.Function{}, chat.ErrForbidden
	}
	found, err := tx.Function(actor.Application, id)
	return found, store.OrRefuse(err, chat.ErrUnknownFunction)
}

// Retrieve finds a function.
func (f *Functions) Retrieve(ctx context.Context, actor chat.Actor, id chat.FunctionID) (found chat.Function, err error) {
	err = f.DB.View(ctx, func(tx *store.Tx) error {
		found, err = function(tx, actor, id)
		return err
	})
	return found, err
}

// List lists the functions of the actor's application, oldest first unless the
// request sorts them.
func (f *Functions) List(ctx context.Context, actor chat.Actor, r chat.PageRequest) (p chat.Page[chat.Function], err error) {
	if !actor.IsApplication() {
		return p, chat.ErrForbidden
	}
	err = f.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.Functions(actor.Application, r)
		return err
	})
	return p, err
}

// CreateVersion gives a function new code, which runs from now on. The code is
// kept as it came.
func (f *Functions) CreateVersion(ctx context.Context, actor chat.Actor, id chat.FunctionID, script string) (made chat.FunctionVersion, err error) {
	if err := chat.CheckText("handlerScript", script, chat.MaxScript); err != nil {
		return made, err
	}
	next := f.IDs.Next()
	err = f.DB.Update(ctx, func(tx *store.Tx) error {
		of, err := function(tx, actor, id)
		if err != nil {
			return err
		}
		earlier, err := tx.ClaimRequest(actor, store.VersionMaker, next)
		if err != nil {
			return err
		}
		if earlier != 0 {
			made, err = version(tx, actor, chat.FunctionVersionID(earlier))
			return err
		}
		last, err := tx.LastVersion(of.ID)
		if err != nil {
			return err
		}
		made = chat.FunctionVersion{
			ID: chat.FunctionVersionID(next), Application: of.Application, Function: of.ID, Number: last + 1, Script: script, CreatedAt: tx.Now,
		}
		if err := tx.InsertVersion(made); err != nil {
			return err
		}
		return tx.SetCurrentVersion(of.ID, made.Number)
	})
	return made, err
}

func version(tx *store.Tx, actor chat.Actor, id chat.FunctionVersionID) (chat.FunctionVersion, error) {
	if !actor.IsApplication() {
		return chat.FunctionVersion{}, chat.ErrForbidden
	}
	found, err := tx.Version(actor.Application, id)
	return found, store.OrRefuse(err, chat.ErrUnknownFunctionVersion)
}

// RetrieveVersion finds a version by its own identifier.
func (f *Functions) RetrieveVersion(ctx context.Context, actor chat.Actor, id chat.FunctionVersionID) (found chat.FunctionVersion, err error) {
	err = f.DB.View(ctx, func(tx *store.Tx) error {
		found, err = version(tx, actor, id)
		return err
	})
	return found, err
}

// RetrieveCurrentVersion finds the version of a function that runs.
func (f *Functions) RetrieveCurrentVersion(ctx context.Context, actor chat.Actor, id chat.FunctionID) (found chat.FunctionVersion, err error) {
	err = f.DB.View(ctx, func(tx *store.Tx) error {
		of, err := function(tx, actor, id)
		if err != nil {
			return err
		}
		found, err = tx.VersionByNumber(of.ID, of.CurrentVersion)
		return store.OrRefuse(err, chat.ErrUnknownFunctionVersion)
	})
	return found, err
}

// ListVersions lists the versions of a function, newest first unless the
// request sorts them.
func (f *Functions) ListVersions(ctx context.Context, actor chat.Actor, id chat.FunctionID, r chat.PageRequest) (p chat.Page[chat.FunctionVersion], err error) {
	err = f.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := function(tx, actor, id); err != nil {
			return err
		}
		p, err = tx.Versions(id, r)
		return err
	})
	return p, err
}
