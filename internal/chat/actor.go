package chat

// Actor is who does a deed. A door makes it from what the caller proved; the
// deed reads it and needs nothing else to know about the caller.
type Actor struct {
	// Application is the tenant. It is never zero.
	Application ApplicationID
	// User is the acting user, or zero where the application itself acts
	// through the Platform API.
	User UserID
	// Session is the user session the deed came through, or zero.
	Session SessionID
	// Request names this request among those of the same session or, without
	// a session, of the same application. A deed that makes something stores
	// it with what it made; the same name again yields the first result.
	// Empty means that the caller did not ask for this.
	Request string
	// Importer marks an application that brings in what happened elsewhere: it
	// may say when, and its messages are news to nobody.
	Importer bool
}

// IsApplication tells whether the application itself acts, which may do
// everything inside its own data.
func (a Actor) IsApplication() bool { return a.User == 0 }
