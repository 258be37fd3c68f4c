package config_test

import (
	"bytes"
	"flag"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/config"
)

var update = flag.Bool("update", false, "rewrite the reference in docs")

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "purr.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNothingGivenIsTheDefault(t *testing.T) {
	t.Parallel()
	c, origins, err := config.Load(config.Input{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(), c); diff != "" {
		t.Error(diff)
	}
	if len(origins) != 0 {
		t.Errorf("origins: %v", origins)
	}
}

func TestEachSourceWinsOverTheOneBelow(t *testing.T) {
	t.Parallel()
	c, origins, err := config.Load(config.Input{
		File: file(t, `
# what the house decided
listen: 127.0.0.1:1
data: from-file
session:
  resume_window: 5m
connection: {max_frame: 512KiB}
log:
  level: debug
nats:
`),
		Environment: []string{"PURR_LISTEN=127.0.0.1:2", "PURR_DATA=from-environment", "PURR_SERVICE_HOST=ignored", "HOME=/"},
		Flags:       map[string]string{"listen": "127.0.0.1:3"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Listen = "127.0.0.1:3"
	want.Data = "from-environment"
	want.Session.ResumeWindow = 5 * time.Minute
	want.Connection.MaxFrame = 512 * config.KiB
	want.Log.Level = slog.LevelDebug
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	if got := origins["data"]; got != "the environment variable PURR_DATA" {
		t.Errorf("origin of data: %q", got)
	}
	if got := origins["session.resume_window"]; !strings.HasSuffix(got, "purr.yaml line 6") {
		t.Errorf("origin of session.resume_window: %q", got)
	}
}

func TestErrorsNameTheSettingAndWhereItWasSet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		file  string
		env   []string
		flags map[string]string
		want  []string
	}{
		{name: "duration", env: []string{"PURR_SESSION_RESUME_WINDOW=soon"},
			want: []string{`session.resume_window: "soon" is no duration`, "PURR_SESSION_RESUME_WINDOW"}},
		{name: "size", flags: map[string]string{"http.max_body": "many"},
			want: []string{`http.max_body: "many" is no size`, "a flag"}},
		{name: "number", flags: map[string]string{"presence.fanout_limit": "1.5"}, want: []string{"presence.fanout_limit"}},
		{name: "level", flags: map[string]string{"log.level": "loud"}, want: []string{`"loud" is none of debug`}},
		{name: "format", flags: map[string]string{"log.format": "xml"}, want: []string{`log.format: "xml"`}},
		{name: "address", file: "listen: localhost", want: []string{`listen: "localhost"`, "purr.yaml line 1"}},
		{name: "port", flags: map[string]string{"listen": ":99999"}, want: []string{"listen:"}},
		{name: "unknown in the file", file: "session:\n  resume: 1s\n", want: []string{"session.resume: there is no such setting", "line 2"}},
		{name: "unknown flag", flags: map[string]string{"colour": "red"}, want: []string{"colour: there is no such setting"}},
		{name: "list for a value", file: "listen: [a, b]", want: []string{"listen: want a single value"}},
		{name: "value for a section", file: "session: 2m", want: []string{"line 1: want names with values here"}},
		{name: "no YAML", file: "listen: [", want: []string{"purr.yaml: yaml:"}},
		{name: "half of TLS", flags: map[string]string{"tls.certificate": "c.pem"}, want: []string{"tls.key: TLS needs both"}},
		{name: "public URL", flags: map[string]string{"public_url": "chat.example.org"}, want: []string{"public_url:", "https://chat.example.org"}},
		{name: "half of a storage", flags: map[string]string{"s3.bucket": "b", "s3.endpoint": "https://s3.example.org", "s3.access_key": "k"},
			want: []string{"s3.secret_key: a storage needs its bucket"}},
		{name: "a storage with a path", flags: map[string]string{"s3.bucket": "b", "s3.endpoint": "https://s3.example.org/b", "s3.access_key": "k", "s3.secret_key": "s"},
			want: []string{"s3.endpoint: want an address such as"}},
		{name: "files in two places", flags: map[string]string{"files.directory": "d", "s3.bucket": "b", "s3.endpoint": "http://h:1", "s3.access_key": "k", "s3.secret_key": "s"},
			want: []string{"files.directory: files are kept in s3.bucket"}},
		{name: "addressing", flags: map[string]string{"s3.addressing": "dns"}, want: []string{`s3.addressing: "dns" is none of`}},
		{name: "network", flags: map[string]string{"outbound.allowed_networks": "10.0.0.0/8, intranet"},
			want: []string{`outbound.allowed_networks: "intranet" is no network`}},
		{name: "several at once", env: []string{"PURR_DRAIN_TIMEOUT=0s", "PURR_CONNECTION_MAX_QUEUE=1KiB"},
			want: []string{"drain_timeout: 0s", "connection.max_queue: 1KiB is too little; want at least 64KiB"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := config.Input{Environment: c.env, Flags: c.flags}
			if c.file != "" {
				in.File = file(t, c.file)
			}
			_, _, err := config.Load(in)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
		})
	}
}

func TestAWrongDatabaseAddressIsNotRepeated(t *testing.T) {
	t.Parallel()
	_, _, err := config.Load(config.Input{Flags: map[string]string{"database": "mysql://u:hunter2@h/d"}})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error: %v", err)
	}
}

func TestAMissingFileIsAnError(t *testing.T) {
	t.Parallel()
	if _, _, err := config.Load(config.Input{File: filepath.Join(t.TempDir(), "none.yaml")}); err == nil {
		t.Error("accepted")
	}
}

func TestAnEmptyFileDecidesNothing(t *testing.T) {
	t.Parallel()
	if _, _, err := config.Load(config.Input{File: file(t, "# nothing\n")}); err != nil {
		t.Error(err)
	}
}

func TestPrintIsAFileThatSaysTheSameAndHidesPasswords(t *testing.T) {
	t.Parallel()
	flags := map[string]string{
		"listen":    ":0",
		"database":  "postgres://purr@db/purr",
		"log.level": "warn",
		"data":      `C:\data "one" #2`,
	}
	c, origins, err := config.Load(config.Input{Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	if err := config.Print(&printed, c, origins); err != nil {
		t.Fatal(err)
	}
	again, _, err := config.Load(config.Input{File: file(t, printed.String())})
	if err != nil {
		t.Fatalf("%v\n%s", err, &printed)
	}
	if diff := cmp.Diff(c, again); diff != "" {
		t.Error(diff)
	}

	for _, database := range []string{
		"postgres://purr:hunter2@db/purr",
		"postgres://db/purr?password=hunter2",
		"postgres://purr:hunter2@a:1,b:2/purr",
	} {
		c.Database = database
		printed.Reset()
		if err := config.Print(&printed, c, origins); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(printed.String(), "hunter2") {
			t.Errorf("the password is shown:\n%s", &printed)
		}
	}
}

func TestASecretIsNeitherPrintedNorPartOfAnError(t *testing.T) {
	t.Parallel()
	flags := map[string]string{"s3.bucket": "b", "s3.endpoint": "http://h:1", "s3.access_key": "k", "s3.secret_key": "hunter2"}
	c, origins, err := config.Load(config.Input{Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	if err := config.Print(&printed, c, origins); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(printed.String(), "hunter2") || !strings.Contains(printed.String(), "secret_key") {
		t.Errorf("printed:\n%s", &printed)
	}
	delete(flags, "s3.access_key")
	flags["s3.endpoint"] = "http://k:hunter2@h:1"
	if _, _, err := config.Load(config.Input{Flags: flags}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error: %v", err)
	}
}

func TestEverySettingIsDocumentedAndHasNamesOfItsOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, e := range config.Reference() {
		if !strings.HasSuffix(e.Doc, ".") {
			t.Errorf("%s: the explanation is no sentence: %q", e.Key, e.Doc)
		}
		if other, taken := seen[e.Variable]; taken {
			t.Errorf("%s and %s share an environment variable", e.Key, other)
		}
		seen[e.Variable] = e.Key
	}
	if seen["PURR_SESSION_RESUME_WINDOW"] != "session.resume_window" || seen["PURR_LISTEN"] != "listen" {
		t.Errorf("variables: %v", seen)
	}
}

func TestTheReferenceIsNotStale(t *testing.T) {
	t.Parallel()
	const path = "../../docs/configuration.md"
	var want bytes.Buffer
	if err := config.WriteReference(&want); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("run make docs:\n%s", diff)
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	bound := func(text string) net.Addr {
		address, err := net.ResolveTCPAddr("tcp", text)
		if err != nil {
			t.Fatal(err)
		}
		return address
	}
	for _, c := range []struct {
		flags map[string]string
		bound net.Addr
		want  string
	}{
		{want: "http://127.0.0.1:8080"},
		{flags: map[string]string{"listen": ":80"}, want: "http://127.0.0.1:80"},
		{flags: map[string]string{"listen": "127.0.0.1:0"}, bound: bound("127.0.0.1:4321"), want: "http://127.0.0.1:4321"},
		{flags: map[string]string{"listen": ":0"}, bound: bound("[::]:4321"), want: "http://127.0.0.1:4321"},
		{flags: map[string]string{"listen": "[::1]:80"}, want: "http://[::1]:80"},
		{flags: map[string]string{"listen": "chat.example.org:443", "tls.certificate": "c", "tls.key": "k"}, want: "https://chat.example.org:443"},
		{flags: map[string]string{"public_url": "https://chat.example.org/base/"}, bound: bound("127.0.0.1:1"), want: "https://chat.example.org/base"},
	} {
		got, _, err := config.Load(config.Input{Flags: c.flags})
		if err != nil {
			t.Fatal(err)
		}
		if got := got.BaseURL(c.bound); got != c.want {
			t.Errorf("%v: %s, want %s", c.flags, got, c.want)
		}
	}
}

func TestBytes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.Bytes{
		"0": 0, "17": 17, "17b": 17, "4MiB": 4 << 20, "4 mb": 4 << 20, "512k": 512 << 10, "1GiB": 1 << 30,
	} {
		if got, err := config.ParseBytes(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1.5MiB", "4XiB", "99999999999GiB", "4MiB4"} {
		if got, err := config.ParseBytes(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	for size, want := range map[config.Bytes]string{0: "0", 17: "17", 1536: "1536", 512 << 10: "512KiB", 3 << 20: "3MiB", 1 << 30: "1GiB"} {
		if size.String() != want {
			t.Errorf("%d is written as %s", int64(size), size)
		}
	}
}

func FuzzParseBytes(f *testing.F) {
	f.Add("4MiB")
	f.Fuzz(func(t *testing.T, text string) {
		size, err := config.ParseBytes(text)
		if err != nil {
			return
		}
		if again, err := config.ParseBytes(size.String()); err != nil || again != size {
			t.Errorf("%q is %d, written as %s, read as %d (%v)", text, int64(size), size, int64(again), err)
		}
	})
}
