package rest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/purrchat/purr/internal/chat"
)

func (d *door) retrieveRuntime(c *call) ([]byte, error) {
	r, err := d.Functions.RetrieveRuntime(c.Context(), c.actor)
	return c.runtime(r, err)
}

// runtime is the answer of an operation whose result is the runtime.
func (c *call) runtime(r chat.Runtime, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return c.style.Runtime(nil, &r), nil
}

func (d *door) updateDependencies(c *call) ([]byte, error) {
	items, err := readList(c)
	if err != nil {
		return nil, err
	}
	list := make([]chat.Dependency, 0, len(items))
	for i, item := range items {
		body := &object{}
		o := body.parseChild(fmt.Sprintf("dependencies[%d]", i), item)
		list = append(list, chat.Dependency{Name: o.text("name"), Version: o.text("version"), Default: o.flag("defaultDependency")})
		if body.join(o); body.err != nil {
			return nil, body.err
		}
	}
	r, err := d.Functions.UpdateDependencies(c.Context(), c.actor, list)
	return c.runtime(r, err)
}

// shownName is how much of a name that the caller chose an error repeats, in
// bytes.
const shownName = 64

// updateVariables takes an object whose members are the caller's own, so they
// have one spelling.
func (d *door) updateVariables(c *call) ([]byte, error) {
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	o.path = "environmentVariables."
	list := make([]chat.Variable, 0, len(o.members))
	for _, name := range slices.Sorted(maps.Keys(o.members)) {
		list = append(list, chat.Variable{Name: name, Value: o.parseText(name[:min(len(name), shownName)], o.members[name])})
	}
	if o.err != nil {
		return nil, o.err
	}
	r, err := d.Functions.UpdateVariables(c.Context(), c.actor, list)
	return c.runtime(r, err)
}

func (d *door) updateInitializationScript(c *call) ([]byte, error) {
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	script := o.requiredText("script")
	if o.err != nil {
		return nil, o.err
	}
	r, err := d.Functions.UpdateScript(c.Context(), c.actor, script)
	return c.runtime(r, err)
}
