package store

import (
	"github.com/purrchat/purr/internal/chat"
)

const functionColumns = `id, application_id, type, name, description, enabled, in_background, current_version, created_at`

func readFunction(row scanner) (f chat.Function, err error) {
	var created int64
	err = row.Scan(&f.ID, &f.Application, &f.Type, &f.Name, &f.Description, &f.Enabled, &f.InBackground, &f.CurrentVersion, &created)
	f.CreatedAt = fromMicros(created)
	return f, err
}

// InsertFunction adds a function.
func (tx *Tx) InsertFunction(f chat.Function) error {
	_, err := tx.exec("insert function", `INSERT INTO functions (`+functionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		int64(f.ID), int64(f.Application), f.Type, f.Name, f.Description, f.Enabled, f.InBackground, f.CurrentVersion, micros(f.CreatedAt))
	return err
}

// Function finds a function of an application.
func (tx *Tx) Function(app chat.ApplicationID, id chat.FunctionID) (chat.Function, error) {
	f, err := readFunction(tx.row(`SELECT `+functionColumns+` FROM functions WHERE id = $1 AND application_id = $2`, int64(id), int64(app)))
	return f, tx.wrap("find function", err)
}

var functionSort = map[string]string{ //nolint:gochecknoglobals // a constant table
	"id": "id", "name": "name", "type": "type", "createdTime": "created_at",
}

// Functions lists the functions of an application, oldest first.
func (tx *Tx) Functions(app chat.ApplicationID, r chat.PageRequest) (chat.Page[chat.Function], error) {
	q := &sqlText{}
	q.and("application_id = " + q.arg(int64(app)))
	return page(tx, listQuery[chat.Function]{
		what: "list functions", columns: functionColumns, from: "functions", read: readFunction,
		order: orderBy(r.Sort, functionSort, "", "id"),
	}, q, r)
}

// SetCurrentVersion has a version of a function run from now on.
func (tx *Tx) SetCurrentVersion(id chat.FunctionID, number int64) error {
	_, err := tx.exec("set current version", `UPDATE functions SET current_version = $1 WHERE id = $2`, number, int64(id))
	return err
}

const versionColumns = `id, application_id, function_id, number, script, created_at`

func readVersion(row scanner) (v chat.FunctionVersion, err error) {
	var created int64
	err = row.Scan(&v.ID, &v.Application, &v.Function, &v.Number, &v.Script, &created)
	v.CreatedAt = fromMicros(created)
	return v, err
}

// LastVersion is the number of the newest version of a function, 0 where it has
// none.
func (tx *Tx) LastVersion(id chat.FunctionID) (int64, error) {
	return tx.count("find last version", `SELECT COALESCE(max(number), 0) FROM function_versions WHERE function_id = $1`, int64(id))
}

// InsertVersion adds a version of a function.
func (tx *Tx) InsertVersion(v chat.FunctionVersion) error {
	_, err := tx.exec("insert version", `INSERT INTO function_versions (`+versionColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`,
		int64(v.ID), int64(v.Application), int64(v.Function), v.Number, v.Script, micros(v.CreatedAt))
	return err
}

// Version finds a version of a function of an application by its id.
func (tx *Tx) Version(app chat.ApplicationID, id chat.FunctionVersionID) (chat.FunctionVersion, error) {
	v, err := readVersion(tx.row(`SELECT `+versionColumns+` FROM function_versions WHERE id = $1 AND application_id = $2`, int64(id), int64(app)))
	return v, tx.wrap("find version", err)
}

// VersionByNumber finds a version of a function by its number.
func (tx *Tx) VersionByNumber(id chat.FunctionID, number int64) (chat.FunctionVersion, error) {
	v, err := readVersion(tx.row(`SELECT `+versionColumns+` FROM function_versions WHERE function_id = $1 AND number = $2`, int64(id), number))
	return v, tx.wrap("find version by number", err)
}

var versionSort = map[string]string{ //nolint:gochecknoglobals // a constant table
	"id": "id", "versionNumber": "number", "createdTime": "created_at",
}

// Versions lists the versions of a function, newest first.
func (tx *Tx) Versions(id chat.FunctionID, r chat.PageRequest) (chat.Page[chat.FunctionVersion], error) {
	q := &sqlText{}
	q.and("function_id = " + q.arg(int64(id)))
	return page(tx, listQuery[chat.FunctionVersion]{
		what: "list versions", columns: versionColumns, from: "function_versions", read: readVersion,
		order: orderBy(r.Sort, versionSort, "number DESC", "id DESC"),
	}, q, r)
}
