package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

type applicationCommand struct {
	Create createCommand `cmd:"" help:"Create an application and show its credentials, the secret this once."`
	List   listCommand   `cmd:"" help:"List the applications."`
	Rotate rotateCommand `cmd:"" name:"rotate-secret" help:"Replace the secret of an application and show the new one, this once."`
}

// outputFlags choose between people and programs.
type outputFlags struct {
	JSON bool `help:"Print JSON."`
}

type createCommand struct {
	placeFlags
	outputFlags

	Name string `arg:"" help:"What to call it."`
}

func (cmd createCommand) Run(c *call) error {
	settings, _, err := c.load(cmd.Config, cmd.given())
	if err != nil {
		return err
	}
	made, err := c.commands.CreateApplication(c.ctx, settings, cmd.Name)
	if err != nil {
		return fmt.Errorf("create application %q: %w", cmd.Name, err)
	}
	return cmd.show(c.state.Stdout, made)
}

type rotateCommand struct {
	placeFlags
	outputFlags

	ID int64 `arg:"" help:"The application, by its identifier."`
}

func (cmd rotateCommand) Run(c *call) error {
	settings, _, err := c.load(cmd.Config, cmd.given())
	if err != nil {
		return err
	}
	made, err := c.commands.RotateSecret(c.ctx, settings, cmd.ID)
	if err != nil {
		return fmt.Errorf("rotate the secret of application %d: %w", cmd.ID, err)
	}
	return cmd.show(c.state.Stdout, made)
}

// show prints credentials; nobody can print the secret again.
func (o outputFlags) show(w io.Writer, made Credentials) error {
	if o.JSON {
		return json.NewEncoder(w).Encode(made)
	}
	_, err := fmt.Fprintf(w, `Application %q

  id             %d
  API key        %s
  client id      %s
  client secret  %s

Keep the secret now: it is not shown again.
`, made.Name, made.ID, made.APIKey, made.ClientID, made.ClientSecret)
	return err
}

type listCommand struct {
	placeFlags
	outputFlags
}

func (cmd listCommand) Run(c *call) error {
	settings, _, err := c.load(cmd.Config, cmd.given())
	if err != nil {
		return err
	}
	all, err := c.commands.ListApplications(c.ctx, settings)
	if err != nil {
		return fmt.Errorf("list applications: %w", err)
	}
	if cmd.JSON {
		return json.NewEncoder(c.state.Stdout).Encode(append([]Application{}, all...))
	}
	table := tabwriter.NewWriter(c.state.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tAPI KEY\tCLIENT ID")
	for _, a := range all {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\n", a.ID, a.Name, a.APIKey, a.ClientID)
	}
	return table.Flush()
}
