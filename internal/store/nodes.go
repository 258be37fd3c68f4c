package store

import (
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// MaxNodes is how many nodes may run at once, since an identifier has five
// bits for its node.
const MaxNodes = 32

// LeaseNode takes the lowest node number whose lease has run out, until the
// given time. The incarnation tells this holder from earlier ones of the same
// number. ErrNotFound says that all numbers are in use.
func (tx *Tx) LeaseNode(incarnation int64, until time.Time) (chat.NodeID, error) {
	type node struct {
		id    chat.NodeID
		until int64
	}
	taken, err := collect(tx, "list nodes", func(row scanner) (n node, err error) {
		err = row.Scan(&n.id, &n.until)
		return n, err
	}, `SELECT id, lease_until FROM nodes ORDER BY id`)
	if err != nil {
		return 0, err
	}
	busy := map[chat.NodeID]bool{}
	for _, n := range taken {
		busy[n.id] = n.until > micros(tx.Now)
	}
	for id := chat.NodeID(0); id < MaxNodes; id++ {
		if busy[id] {
			continue
		}
		_, err := tx.exec("lease node", `INSERT INTO nodes (id, incarnation, lease_until) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET incarnation = $2, lease_until = $3`, int64(id), incarnation, micros(until))
		return id, err
	}
	return 0, ErrNotFound
}

// RenewNode prolongs a lease. ErrNotFound says that another holder has taken
// the number since.
func (tx *Tx) RenewNode(id chat.NodeID, incarnation int64, until time.Time) error {
	n, err := tx.exec("renew node", `UPDATE nodes SET lease_until = $1 WHERE id = $2 AND incarnation = $3`, micros(until), int64(id), incarnation)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// LapsedNodes lists the nodes whose lease has run out.
func (tx *Tx) LapsedNodes() ([]chat.NodeID, error) {
	return collect(tx, "list lapsed nodes", readID[chat.NodeID], `SELECT id FROM nodes WHERE lease_until < $1 ORDER BY id`, micros(tx.Now))
}

// ForgetNode gives back a node number whose lease has run out. ErrNotFound says
// that it has not, or that somebody else was first.
func (tx *Tx) ForgetNode(id chat.NodeID) error {
	n, err := tx.exec("forget node", `DELETE FROM nodes WHERE id = $1 AND lease_until < $2`, int64(id), micros(tx.Now))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// NodeHolder is the incarnation that took a node number last; ErrNotFound says
// that nobody has.
func (tx *Tx) NodeHolder(id chat.NodeID) (incarnation int64, err error) {
	err = tx.row(`SELECT incarnation FROM nodes WHERE id = $1`, int64(id)).Scan(&incarnation)
	return incarnation, tx.wrap("find node", err)
}

// SeizeNode takes a node number from whoever holds it, who must be known to be
// gone.
func (tx *Tx) SeizeNode(id chat.NodeID, incarnation int64, until time.Time) error {
	_, err := tx.exec("seize node", `INSERT INTO nodes (id, incarnation, lease_until) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET incarnation = $2, lease_until = $3`, int64(id), incarnation, micros(until))
	return err
}

// GreatestID is the greatest identifier in use, so that a clock that was set
// back makes none twice.
func (tx *Tx) GreatestID() (int64, error) {
	return tx.count("find greatest identifier", `SELECT max(id) FROM (
		SELECT COALESCE(max(id), 0) AS id FROM applications UNION ALL SELECT COALESCE(max(id), 0) FROM users
		UNION ALL SELECT COALESCE(max(id), 0) FROM user_sessions UNION ALL SELECT COALESCE(max(id), 0) FROM channels
		UNION ALL SELECT COALESCE(max(id), 0) FROM messages UNION ALL SELECT COALESCE(max(id), 0) FROM jobs
		UNION ALL SELECT COALESCE(max(id), 0) FROM files UNION ALL SELECT COALESCE(max(id), 0) FROM chat_sessions
		UNION ALL SELECT COALESCE(max(id), 0) FROM channel_invites UNION ALL SELECT COALESCE(max(id), 0) FROM notices
		UNION ALL SELECT COALESCE(max(id), 0) FROM functions UNION ALL SELECT COALESCE(max(id), 0) FROM function_versions
		UNION ALL SELECT COALESCE(max(id), 0) FROM function_invocations UNION ALL SELECT COALESCE(max(id), 0) FROM devices
		UNION ALL SELECT COALESCE(max(id), 0) FROM push_attempts) AS ids`)
}
