package cli

import (
	"github.com/purrchat/purr/internal/config"
	"github.com/purrchat/purr/internal/observe"
)

type serveCommand struct {
	serverFlags
}

func (s serveCommand) Run(c *call) error {
	settings, _, err := c.load(s.Config, s.given())
	if err != nil {
		return err
	}
	log := observe.NewLogger(c.state.Stderr, settings.Log.Level, settings.Log.Format)
	return c.commands.Serve(c.ctx, settings, log, c.state.Stdout)
}

type configCommand struct {
	Print printCommand `cmd:"" help:"Show the settings in force and where they come from; passwords are left out."`
	Docs  docsCommand  `cmd:"" help:"Write the reference of all settings, in Markdown."`
}

type printCommand struct {
	serverFlags
}

func (p printCommand) Run(c *call) error {
	settings, origins, err := c.load(p.Config, p.given())
	if err != nil {
		return err
	}
	return config.Print(c.state.Stdout, settings, origins)
}

type docsCommand struct{}

func (docsCommand) Run(c *call) error { return config.WriteReference(c.state.Stdout) }
