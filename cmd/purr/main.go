// Command purr is the server and its tools, in one file to copy.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // quiet hours have time zones, which not every machine knows

	"github.com/purrchat/purr/internal/cli"
	"github.com/purrchat/purr/internal/serve"
)

var version = "dev" // set by the Makefile

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal drains, a second one ends the process at once
	state := cli.State{Args: os.Args[1:], Env: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr, Version: version}
	os.Exit(cli.Main(ctx, state, cli.Commands{
		Serve:             serve.Run,
		CreateApplication: serve.CreateApplication,
		ListApplications:  serve.ListApplications,
		RotateSecret:      serve.RotateSecret,
	}))
}
