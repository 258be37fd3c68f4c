// Package cli is the command line of purr.
//
// [Main] reads arguments, finds the configuration and calls one of the
// [Commands] it was given. It touches nothing of the process: arguments,
// environment and streams come in a [State], so that a test runs a command as
// the shell would and reads what it printed. It holds no state between calls.
package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/purrchat/purr/internal/config"
)

// State is what a command sees of its process.
type State struct {
	Args    []string // without the program's name
	Env     []string // as of os.Environ
	Stdout  io.Writer
	Stderr  io.Writer
	Version string
}

// Commands is what the command line can set in motion.
type Commands struct {
	// Serve runs a server until the context ends. What a person should read at
	// the start goes to out, everything else to the log.
	Serve             func(ctx context.Context, c config.Config, log *slog.Logger, out io.Writer) error
	CreateApplication func(ctx context.Context, c config.Config, name string) (Credentials, error)
	ListApplications  func(ctx context.Context, c config.Config) ([]Application, error)
	RotateSecret      func(ctx context.Context, c config.Config, id int64) (Credentials, error)
}

// Application is an application as the list shows it.
type Application struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	APIKey   string `json:"apiKey"`
	ClientID string `json:"clientId"`
}

// Credentials is an application with the secret, which can be shown only at the
// moment it is made.
type Credentials struct {
	Application

	ClientSecret string `json:"clientSecret"`
}

// The exit statuses of Main.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// Main runs one command and returns the exit status of the process.
func Main(ctx context.Context, state State, commands Commands) int {
	if len(state.Args) == 0 {
		state.Args = []string{"--help"}
	}
	exited := -1 // set when kong has answered by itself, as it does for --help
	var g grammar
	parser, err := kong.New(&g,
		kong.Name("purr"),
		kong.Description("A self-hosted chat server that speaks the protocols of the published ChatKitty SDKs."),
		kong.Writers(state.Stdout, state.Stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		settingDocs(),
	)
	if err != nil {
		panic(err) // the grammar is wrong, not the arguments
	}
	parsed, err := parser.Parse(state.Args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		complain(state.Stderr, err)
		fmt.Fprintln(state.Stderr, `purr: see "purr --help"`)
		return exitUsage
	}
	if err := parsed.Run(&call{ctx, state, commands}); err != nil {
		complain(state.Stderr, err)
		return exitFailed
	}
	return exitOK
}

// call is what every command's Run is given.
type call struct {
	ctx      context.Context // here because kong calls the methods; it lives as long as the call
	state    State
	commands Commands
}

// complain marks each line, because an error may be of several.
func complain(w io.Writer, err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(w, "purr: "+line)
	}
}

type grammar struct {
	Serve       serveCommand       `cmd:"" help:"Run the server."`
	Application applicationCommand `cmd:"" aliases:"app" help:"Create and list applications, and renew their secrets."`
	Config      configCommand      `cmd:"" help:"Show the configuration and its reference."`
	Version     versionCommand     `cmd:"" help:"Show the version."`
}

type versionCommand struct{}

func (versionCommand) Run(c *call) error {
	fmt.Fprintf(c.state.Stdout, "purr %s %s %s/%s\n", c.state.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
