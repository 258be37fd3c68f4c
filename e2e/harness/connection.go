package harness

import "encoding/json"

// Connection is what connectApi of the core SDK resolves with: a session, and
// counters that follow what happens.
type Connection struct {
	node *Node
	ref  Ref
	who  string
}

// ConnectAPI connects a user by connectApi.
func (n *Node) ConnectAPI(host, apiKey, username string) *Connection {
	n.t.Helper()
	connected, err := n.begin("connectApi", map[string]any{
		"op": "connect", "apiKey": apiKey, "host": host, "username": username,
	}).proving(n.proof(Core, OfPackage, "connectApi")).Wait(ReconnectPatience)
	if err != nil {
		n.t.Fatal(err)
	}
	return &Connection{node: n, ref: connected.Ref, who: username}
}

// Watch logs the values of one of the connection's counters.
func (c *Connection) Watch(counter string) *Log {
	c.node.t.Helper()
	log, handler := c.node.handler(c.who + " " + counter)
	log.proof = c.node.proof(Core, OfConnection, counter)
	if _, err := c.node.call(c.who, c.ref.Part(counter), "watch", handler).Wait(Patience); err != nil {
		c.node.t.Fatal(err)
	}
	return log
}

// UpdateUser changes some members of the user.
func (c *Connection) UpdateUser(members map[string]any) {
	c.node.t.Helper()
	updated := c.node.call(c.who, c.ref, "updateUser", members).proving(c.node.proof(Core, OfConnection, "updateUser"))
	if _, err := updated.Wait(Patience); err != nil {
		c.node.t.Fatal(err)
	}
}

// Client is the SDK client that the connection uses.
func (c *Connection) Client() *Client {
	c.node.t.Helper()
	got, err := c.node.call(c.who, c.ref, "getSdkClient").proving(c.node.proof(Core, OfConnection, "getSdkClient")).Wait(Patience)
	if err != nil {
		c.node.t.Fatal(err)
	}
	return &Client{t: c.node.t, node: c.node, ref: got.Ref, sdk: Core, username: c.who}
}

// OnDispose logs that the connection is about to end.
func (c *Connection) OnDispose() *Log {
	c.node.t.Helper()
	log, handler := c.node.handler(c.who + " onDispose")
	log.proof = c.node.proof(Core, OfConnection, "onDispose")
	if _, err := c.node.call(c.who, c.ref, "onDispose", handler).Wait(Patience); err != nil {
		c.node.t.Fatal(err)
	}
	return log
}

// Dispose ends the connection.
func (c *Connection) Dispose() {
	c.node.t.Helper()
	if _, err := c.node.call(c.who, c.ref, "dispose").proving(c.node.proof(Core, OfConnection, "dispose")).Wait(Patience); err != nil {
		c.node.t.Fatal(err)
	}
}

// Receipt is a read receipt as an application sees one.
type Receipt struct {
	Ref         Ref               `json:"-"`
	User        User              `json:"user"`
	CreatedTime string            `json:"createdTime"`
	Relays      map[string]string `json:"_relays"`
}

func (r *Receipt) bind(ref Ref) { r.Ref = ref }

// ListReceipts lists who has read a message.
func (c *Client) ListReceipts(message *Message) *Page[Receipt, *Receipt] {
	c.t.Helper()
	return List[Receipt](c, "listReadReceipts", request{"message": message.Ref})
}

// LastRead retrieves the newest message that a user has read in a channel, nil
// where the result has none.
func (c *Client) LastRead(channel *Channel, username string) *Message {
	c.t.Helper()
	result := c.Must("retrieveLastReadMessage", request{"channel": channel.Ref, "username": username})
	var there map[string]json.RawMessage
	if err := json.Unmarshal(result.JSON, &there); err != nil {
		c.t.Fatal(err)
	}
	if m := there["message"]; m == nil || string(m) == "null" {
		return nil
	}
	return part[Message](c, result, "message")
}

// CountUnread counts the unread messages of a channel, or of all where there is
// none.
func (c *Client) CountUnread(channel *Channel) int {
	c.t.Helper()
	if channel == nil {
		return c.number("countUnreadMessages")
	}
	return c.number("countUnreadMessages", request{"channel": channel.Ref})
}

// CountUnreadChannels counts the unread channels of a type, of all where it is
// empty.
func (c *Client) CountUnreadChannels(kind string) int {
	c.t.Helper()
	if kind == "" {
		return c.number("countUnreadChannels")
	}
	return c.number("countUnreadChannels", request{"filter": map[string]any{"type": kind}})
}

func (c *Client) number(method string, args ...any) (n int) {
	c.t.Helper()
	if err := c.Must(method, args...).Part("count", &n); err != nil {
		c.t.Fatal(err)
	}
	return n
}

// IsUnread tells whether a channel is unread.
func (c *Client) IsUnread(channel *Channel) (unread bool) {
	c.t.Helper()
	if err := c.Must("checkChannelUnread", request{"channel": channel.Ref}).Part("unread", &unread); err != nil {
		c.t.Fatal(err)
	}
	return unread
}
