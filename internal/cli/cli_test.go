package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/cli"
	"github.com/purrchat/purr/internal/config"
)

type outcome struct {
	code           int
	stdout, stderr string
}

func run(t *testing.T, commands cli.Commands, env []string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := cli.Main(t.Context(), cli.State{Args: args, Env: env, Stdout: &stdout, Stderr: &stderr, Version: "v1.2.3"}, commands)
	return outcome{code, stdout.String(), stderr.String()}
}

func credentials() cli.Credentials {
	return cli.Credentials{
		Application:  cli.Application{ID: 7, Name: "Demo", APIKey: "key", ClientID: "client"},
		ClientSecret: "secret",
	}
}

func TestServeIsGivenTheSettingsOfAllSources(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "purr.yaml")
	if err := os.WriteFile(file, []byte("presence: {grace: 3s}\nlog: {format: json}\nlisten: nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var got config.Config
	commands := cli.Commands{Serve: func(_ context.Context, c config.Config, log *slog.Logger, out io.Writer) error {
		got = c
		log.Info("ready")
		fmt.Fprintln(out, "welcome")
		return nil
	}}
	o := run(t, commands, []string{"PURR_CONFIG=" + file, "PURR_DATA=elsewhere"},
		"serve", "--listen", "127.0.0.1:0", "--public-url", "https://a.example", "--operations-listen=127.0.0.1:1",
		"--database", "postgres://h/d;x", "--nats", "nats://h", "--drain-timeout", "1s",
		"--set", "session.resume_window=5m", "--set", "http.max_body=1MiB")
	if o.code != 0 || o.stdout != "welcome\n" || !strings.Contains(o.stderr, `"msg":"ready"`) {
		t.Fatalf("%+v", o)
	}
	want := config.Default()
	want.Listen, want.OperationsListen = "127.0.0.1:0", "127.0.0.1:1"
	want.PublicURL, want.Data = "https://a.example", "elsewhere"
	want.Database, want.NATS = "postgres://h/d;x", "nats://h"
	want.DrainTimeout = time.Second
	want.Presence.Grace = 3 * time.Second
	want.Session.ResumeWindow = 5 * time.Minute
	want.HTTP.MaxBody = config.MiB
	want.Log.Format = "json"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAFlagOfItsOwnWinsOverSet(t *testing.T) {
	t.Parallel()
	o := run(t, cli.Commands{}, nil, "config", "print", "--set", "data=one", "--data", "two", "--set", "listen=:1", "--listen", ":2")
	if o.code != 0 || !strings.Contains(o.stdout, "data: two") || !strings.Contains(o.stdout, `listen: ":2"`) {
		t.Errorf("%+v", o)
	}
}

func TestAFailingCommandSaysWhyAndFails(t *testing.T) {
	t.Parallel()
	commands := cli.Commands{Serve: func(context.Context, config.Config, *slog.Logger, io.Writer) error {
		return errors.New("no disk")
	}}
	if diff := cmp.Diff(outcome{1, "", "purr: no disk\n"}, run(t, commands, nil, "serve"), cmp.AllowUnexported(outcome{})); diff != "" {
		t.Error(diff)
	}
	o := run(t, commands, []string{"PURR_DRAIN_TIMEOUT=soon"}, "serve", "--set", "colour=red")
	for line := range strings.Lines(o.stderr) {
		if !strings.HasPrefix(line, "purr: ") {
			t.Errorf("%q", line)
		}
	}
	if o.code != 1 || !strings.Contains(o.stderr, "PURR_DRAIN_TIMEOUT") || !strings.Contains(o.stderr, "colour") {
		t.Errorf("%+v", o)
	}
}

func TestApplicationCreate(t *testing.T) {
	t.Parallel()
	commands := cli.Commands{CreateApplication: func(_ context.Context, c config.Config, name string) (cli.Credentials, error) {
		if c.Data != "d" || c.Database != "postgres://h/d" {
			t.Errorf("settings: %+v", c)
		}
		made := credentials()
		made.Name = name
		return made, nil
	}}
	o := run(t, commands, nil, "application", "create", "My app", "--json", "--data", "d", "--database", "postgres://h/d")
	want := `{"id":7,"name":"My app","apiKey":"key","clientId":"client","clientSecret":"secret"}` + "\n"
	if diff := cmp.Diff(outcome{0, want, ""}, o, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Error(diff)
	}
	o = run(t, commands, []string{"PURR_DATA=d", "PURR_DATABASE=postgres://h/d"}, "application", "create", "My app")
	for _, want := range []string{`"My app"`, "7", "key", "client", "secret", "not shown again"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("%q lacks %s", o.stdout, want)
		}
	}
}

func TestApplicationList(t *testing.T) {
	t.Parallel()
	var all []cli.Application
	commands := cli.Commands{ListApplications: func(context.Context, config.Config) ([]cli.Application, error) { return all, nil }}
	if o := run(t, commands, nil, "application", "list", "--json"); o.stdout != "[]\n" {
		t.Errorf("none: %+v", o)
	}
	all = []cli.Application{credentials().Application, {ID: 8, Name: "Other", APIKey: "k", ClientID: "c"}}
	o := run(t, commands, nil, "application", "list", "--json")
	want := `[{"id":7,"name":"Demo","apiKey":"key","clientId":"client"},{"id":8,"name":"Other","apiKey":"k","clientId":"c"}]` + "\n"
	if diff := cmp.Diff(want, o.stdout); diff != "" {
		t.Error(diff)
	}
	want = "ID  NAME   API KEY  CLIENT ID\n7   Demo   key      client\n8   Other  k        c\n"
	if diff := cmp.Diff(want, run(t, commands, nil, "app", "list").stdout); diff != "" {
		t.Error(diff)
	}
}

func TestApplicationRotateSecret(t *testing.T) {
	t.Parallel()
	commands := cli.Commands{RotateSecret: func(_ context.Context, _ config.Config, id int64) (cli.Credentials, error) {
		if id != 7 {
			return cli.Credentials{}, errors.New("there is none")
		}
		return credentials(), nil
	}}
	if o := run(t, commands, nil, "application", "rotate-secret", "7", "--json"); o.code != 0 || !strings.Contains(o.stdout, `"clientSecret":"secret"`) {
		t.Errorf("%+v", o)
	}
	if o := run(t, commands, nil, "application", "rotate-secret", "8"); o.code != 1 || !strings.Contains(o.stderr, "application 8: there is none") {
		t.Errorf("%+v", o)
	}
	if o := run(t, commands, nil, "application", "rotate-secret", "seven"); o.code != 2 {
		t.Errorf("%+v", o)
	}
}

func TestConfigDocsIsTheReference(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	if err := config.WriteReference(&want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), run(t, cli.Commands{}, nil, "config", "docs").stdout); diff != "" {
		t.Error(diff)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if o := run(t, cli.Commands{}, nil, "version"); o.code != 0 || !strings.HasPrefix(o.stdout, "purr v1.2.3 go1.") {
		t.Errorf("%+v", o)
	}
}

func TestHelpExplainsTheFlagsFromTheReference(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--help"}} {
		if o := run(t, cli.Commands{}, nil, args...); o.code != 0 || !strings.Contains(o.stdout, "rotate-secret") || o.stderr != "" {
			t.Errorf("%q: %+v", args, o)
		}
	}
	o := run(t, cli.Commands{}, nil, "serve", "--help")
	if text := strings.Join(strings.Fields(o.stdout), " "); o.code != 0 || !strings.Contains(text, "Default: 127.0.0.1:8080.") {
		t.Errorf("%+v", o)
	}
}

func TestArgumentsThatCannotBeAreAQuestionOfUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"sing"}, {"serve", "--loud"}, {"application"}, {"application", "create"}, {"serve", "extra"}} {
		if o := run(t, cli.Commands{}, nil, args...); o.code != 2 || !strings.HasPrefix(o.stderr, "purr: ") || o.stdout != "" {
			t.Errorf("%q: %+v", args, o)
		}
	}
}
