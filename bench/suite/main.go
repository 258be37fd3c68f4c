// Command suite measures Purr beside the floor, rawserver, on this machine and
// prints a table: how much each takes for the same work. It starts and ends the
// servers itself and leaves nothing behind. ../README.md explains the figures.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

func main() {
	// Servers end with the thread that started them, should this process be
	// killed; so that thread must stay.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "suite:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	s := &suite{ctx: ctx}
	flags := flag.NewFlagSet("suite", flag.ContinueOnError)
	flags.StringVar(&s.purr, "purr", "bin/purr", "the server to measure")
	flags.StringVar(&s.tools, "tools", "bin/bench", "directory of load and rawserver")
	flags.BoolVar(&s.quick, "quick", false, "a tenth of the clients and one short window, to see that all of it works")
	under := flags.String("dir", "", "where to keep the data meanwhile; the disk there decides on W3 (standard: the system's directory for temporary files)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	if s.work, err = os.MkdirTemp(*under, "purr-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(s.work) }()
	s.results = filepath.Join(s.work, "results.jsonl")
	for _, measure := range []func() error{s.startUp, s.traffic, s.idle, s.storm} {
		if err := errors.Join(measure(), ctx.Err()); err != nil {
			return err
		}
	}
	return s.print(os.Stdout)
}
