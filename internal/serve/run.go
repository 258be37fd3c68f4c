package serve

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/cli"
	"github.com/purrchat/purr/internal/config"
)

// Run serves until ctx ends, and drains. What a person should read at the
// start goes to out.
func Run(ctx context.Context, c config.Config, log *slog.Logger, out io.Writer) error {
	n, err := Start(ctx, c, log, "")
	if err != nil {
		return err
	}
	if err := n.welcome(ctx, out); err != nil {
		log.Error("first application", "error", err)
	}
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-n.Failed():
	case failed = <-n.server.Failed():
	}
	log.Info("draining")
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.DrainTimeout)
	defer cancel()
	if err := n.Stop(stopping); err != nil {
		return err
	}
	return failed
}

// welcome tells how to connect; an empty installation gets its first
// application.
func (n *Node) welcome(ctx context.Context, out io.Writer) error {
	url := n.config.BaseURL(n.Address())
	fmt.Fprintf(out, "Purr is ready on %s\n", url)
	list, err := n.accounts.ListApplications(ctx)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		made, err := n.accounts.CreateApplication(ctx, "default")
		if err != nil {
			return err
		}
		fmt.Fprintf(out, `
The first application was created. Its client secret is shown this once:

  API key (clients)       %s
  Client id (back-end)    %s
  Client secret           %s

`, made.Application.Key, made.Application.ClientID, made.ClientSecret)
		list = append(list, made.Application)
	}
	fmt.Fprintf(out, "Clients connect with API key %s to host %s\n", list[0].Key, n.Address())
	fmt.Fprintf(out, "Back-ends get tokens at %s/oauth/token and call %s/v1/...\n", url, url)
	return nil
}

// withCore opens the store for one command.
func withCore[T any](ctx context.Context, c config.Config, do func(*core) (T, error)) (out T, err error) {
	k, err := openCore(ctx, c, forACommand)
	if err != nil {
		return out, err
	}
	out, err = do(k)
	if cerr := k.close(); err == nil {
		err = cerr
	}
	return out, err
}

// CreateApplication makes an application and its credentials.
func CreateApplication(ctx context.Context, c config.Config, name string) (cli.Credentials, error) {
	return withCore(ctx, c, func(k *core) (cli.Credentials, error) {
		made, err := k.accounts.CreateApplication(ctx, name)
		return shown(made), err
	})
}

// ListApplications lists all applications, without their secrets.
func ListApplications(ctx context.Context, c config.Config) ([]cli.Application, error) {
	return withCore(ctx, c, func(k *core) ([]cli.Application, error) {
		list, err := k.accounts.ListApplications(ctx)
		out := make([]cli.Application, len(list))
		for i, a := range list {
			out[i] = application(a)
		}
		return out, err
	})
}

// RotateSecret replaces an application's client secret.
func RotateSecret(ctx context.Context, c config.Config, id int64) (cli.Credentials, error) {
	return withCore(ctx, c, func(k *core) (cli.Credentials, error) {
		made, err := k.accounts.RotateSecret(ctx, chat.ApplicationID(id))
		return shown(made), err
	})
}

func application(a chat.Application) cli.Application {
	return cli.Application{ID: int64(a.ID), Name: a.Name, APIKey: a.Key, ClientID: a.ClientID}
}

func shown(c chat.Credentials) cli.Credentials {
	return cli.Credentials{Application: application(c.Application), ClientSecret: c.ClientSecret}
}
