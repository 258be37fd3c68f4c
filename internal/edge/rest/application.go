package rest

// retrieveApplication answers GET /application. It is also the answer of
// operations that removed something.
func (d *door) retrieveApplication(c *call) ([]byte, error) {
	app, err := d.Accounts.RetrieveApplication(c.Context(), c.actor)
	if err != nil {
		return nil, err
	}
	return c.style.Application(nil, &app), nil
}
