package cli

import (
	"strings"

	"github.com/alecthomas/kong"

	"github.com/purrchat/purr/internal/config"
)

// placeFlags say where the data is, which every command but the simplest must
// know.
type placeFlags struct {
	Config   string            `placeholder:"FILE" help:"YAML file with settings."`
	Data     *string           `placeholder:"DIR" help:"${doc_data}"`
	Database *string           `placeholder:"URL" help:"${doc_database}"`
	Set      map[string]string `placeholder:"KEY=VALUE" mapsep:"none" help:"Any setting by its key, as in session.resume_window=5m; may be repeated."`
}

// serverFlags are for whoever runs a server: all settings without a section.
type serverFlags struct {
	placeFlags

	Listen           *string `placeholder:"ADDR" help:"${doc_listen}"`
	OperationsListen *string `placeholder:"ADDR" help:"${doc_operations_listen}"`
	PublicURL        *string `placeholder:"URL" help:"${doc_public_url}"`
	NATS             *string `placeholder:"URL" help:"${doc_nats}"`
	DrainTimeout     *string `placeholder:"DURATION" help:"${doc_drain_timeout}"`
}

// settingDocs gives the flags the same explanations as the reference.
func settingDocs() kong.Vars {
	docs := kong.Vars{}
	for _, e := range config.Reference() {
		doc := e.Doc
		if e.Default != "" {
			doc += " Default: " + e.Default + "."
		}
		docs["doc_"+strings.ReplaceAll(e.Key, ".", "_")] = doc
	}
	return docs
}

func (f placeFlags) given() map[string]*string {
	given := map[string]*string{"data": f.Data, "database": f.Database}
	for key, value := range f.Set {
		if given[key] == nil { // a flag of its own is the more deliberate
			given[key] = &value
		}
	}
	return given
}

func (f serverFlags) given() map[string]*string {
	given := f.placeFlags.given()
	for key, value := range map[string]*string{
		"listen":            f.Listen,
		"operations_listen": f.OperationsListen,
		"public_url":        f.PublicURL,
		"nats":              f.NATS,
		"drain_timeout":     f.DrainTimeout,
	} {
		if value != nil {
			given[key] = value
		}
	}
	return given
}

// load finds the configuration that these flags lie on top of.
func (c *call) load(file string, given map[string]*string) (config.Config, config.Origins, error) {
	flags := map[string]string{}
	for key, value := range given {
		if value != nil {
			flags[key] = *value
		}
	}
	if file == "" {
		file = c.variable(config.FileVariable)
	}
	return config.Load(config.Input{File: file, Environment: c.state.Env, Flags: flags})
}

func (c *call) variable(name string) string {
	for _, line := range c.state.Env {
		if value, found := strings.CutPrefix(line, name+"="); found {
			return value
		}
	}
	return ""
}
