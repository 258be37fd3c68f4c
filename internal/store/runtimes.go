package store

import (
	"encoding/json"

	"github.com/purrchat/purr/internal/chat"
)

// Runtime is what is kept of an application's runtime.
type Runtime struct {
	Application  chat.ApplicationID
	Dependencies []chat.Dependency
	// Variables are sealed, empty where there are none.
	Variables string
	Script    string
	// Secret is the sealed secret of its client, SecretHash what the secret is
	// known by; both are empty where it was revoked.
	Secret, SecretHash string
}

// Runtime finds an application's runtime. ErrNotFound says that nobody has
// looked at it yet.
func (tx *Tx) Runtime(app chat.ApplicationID) (r Runtime, err error) {
	var dependencies string
	err = tx.row(`SELECT application_id, dependencies, variables, initialization_script, client_secret, client_secret_hash
		FROM runtimes WHERE application_id = $1`, int64(app)).
		Scan(&r.Application, &dependencies, &r.Variables, &r.Script, &r.Secret, &r.SecretHash)
	if err == nil {
		err = json.Unmarshal([]byte(dependencies), &r.Dependencies)
	}
	return r, tx.wrap("find runtime", err)
}

// SetRuntime keeps an application's runtime, in the place of what it was.
func (tx *Tx) SetRuntime(r Runtime) error {
	dependencies, err := json.Marshal(r.Dependencies)
	if err != nil {
		return err
	}
	_, err = tx.exec("set runtime", `INSERT INTO runtimes
		(application_id, dependencies, variables, initialization_script, client_secret, client_secret_hash) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (application_id) DO UPDATE SET dependencies = EXCLUDED.dependencies, variables = EXCLUDED.variables,
		initialization_script = EXCLUDED.initialization_script, client_secret = EXCLUDED.client_secret, client_secret_hash = EXCLUDED.client_secret_hash`,
		int64(r.Application), string(dependencies), r.Variables, r.Script, r.Secret, r.SecretHash)
	return err
}

// RevokeRuntimeSecret forgets the secret of a runtime's client.
func (tx *Tx) RevokeRuntimeSecret(app chat.ApplicationID) error {
	_, err := tx.exec("revoke runtime secret", `UPDATE runtimes SET client_secret = '', client_secret_hash = '' WHERE application_id = $1`, int64(app))
	return err
}
