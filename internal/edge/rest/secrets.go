package rest

import (
	"github.com/purrchat/purr/internal/edge/wire"
)

func (d *door) retrieveUserSecret(c *call) ([]byte, error) {
	id, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	value, err := d.Accounts.RetrieveSecret(c.Context(), c.actor, id, c.PathValue("name"))
	if err != nil {
		return nil, err
	}
	return wire.Secret(nil, value), nil
}

// setUserSecret answers with the user, without the secret.
func (d *door) setUserSecret(c *call) ([]byte, error) {
	id, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	value := o.raw("secret")
	if o.err != nil {
		return nil, o.err
	}
	u, err := d.Accounts.SetSecret(c.Context(), c.actor, id, c.PathValue("name"), value)
	return c.user(u, err)
}

func (d *door) removeUserSecret(c *call) ([]byte, error) {
	id, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	u, err := d.Accounts.RemoveSecret(c.Context(), c.actor, id, c.PathValue("name"))
	return c.user(u, err)
}
