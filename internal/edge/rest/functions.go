package rest

import (
	"github.com/purrchat/purr/internal/app/functions"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
)

func (c *call) functionID() (chat.FunctionID, error) {
	id, err := c.id("id", chat.ErrUnknownFunction)
	return chat.FunctionID(id), err
}

func (d *door) listFunctions(c *call) ([]byte, error) {
	q := readQuery(c)
	list, err := d.Functions.List(c.Context(), c.actor, q.page())
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("functions", "/runtimes/nodejs/functions"), list, c.style.Function), nil
}

func (d *door) createFunction(c *call) ([]byte, error) {
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	in := functions.CreateInput{
		Type: o.text("type"), Name: o.text("name"), Description: o.text("description"), InBackground: o.flag("initializeAsynchronously"),
	}
	if o.err != nil {
		return nil, o.err
	}
	f, err := d.Functions.Create(c.Context(), c.actor, in)
	return c.function(f, err)
}

func (d *door) retrieveFunction(c *call) ([]byte, error) {
	id, err := c.functionID()
	if err != nil {
		return nil, err
	}
	f, err := d.Functions.Retrieve(c.Context(), c.actor, id)
	return c.function(f, err)
}

// function is the answer of an operation whose result is a function.
func (c *call) function(f chat.Function, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return c.style.Function(nil, &f), nil
}

func (d *door) listFunctionVersions(c *call) ([]byte, error) {
	id, err := c.functionID()
	if err != nil {
		return nil, err
	}
	q := readQuery(c)
	list, err := d.Functions.ListVersions(c.Context(), c.actor, id, q.page())
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("versions", "/functions/"+c.PathValue("id")+"/versions"), list, c.style.FunctionVersion), nil
}

func (d *door) createFunctionVersion(c *call) ([]byte, error) {
	id, err := c.functionID()
	if err != nil {
		return nil, err
	}
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	script := o.requiredText("handlerScript")
	if o.err != nil {
		return nil, o.err
	}
	v, err := d.Functions.CreateVersion(c.Context(), c.actor, id, script)
	return c.functionVersion(v, err)
}

func (d *door) retrieveFunctionCurrentVersion(c *call) ([]byte, error) {
	id, err := c.functionID()
	if err != nil {
		return nil, err
	}
	v, err := d.Functions.RetrieveCurrentVersion(c.Context(), c.actor, id)
	return c.functionVersion(v, err)
}

func (d *door) retrieveFunctionVersion(c *call) ([]byte, error) {
	id, err := c.id("id", chat.ErrUnknownFunctionVersion)
	if err != nil {
		return nil, err
	}
	v, err := d.Functions.RetrieveVersion(c.Context(), c.actor, chat.FunctionVersionID(id))
	return c.functionVersion(v, err)
}

// functionVersion is the answer of an operation whose result is a version.
func (c *call) functionVersion(v chat.FunctionVersion, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return c.style.FunctionVersion(nil, &v), nil
}

func (d *door) listFunctionInvocations(c *call) ([]byte, error) {
	id, err := c.functionID()
	if err != nil {
		return nil, err
	}
	q := readQuery(c)
	list, err := d.Functions.ListInvocations(c.Context(), c.actor, id, q.page())
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("invocations", "/functions/"+c.PathValue("id")+"/invocations"), list, c.style.Invocation), nil
}
