package serve_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/config"
	"github.com/purrchat/purr/internal/serve"
	"github.com/purrchat/purr/internal/serve/servetest"
	"github.com/purrchat/purr/internal/store/storetest"
)

// attempts are the ways in which users try an operation through the client
// protocol, and the application through the Platform API.
type attempts struct {
	// client are destinations below /application/v1/ with the body of the
	// action, if it is one, and of topics.
	client []string
	// rest are a method, a path below /v1 and a body.
	rest []string
	// uses tells that who succeeds leaves a channel in which others could not
	// try the same.
	uses bool
}

// tried has a row for each operation. In the texts {channel}, {thread},
// {message}, {own} and {block} stand for identifiers in the channel: own is a
// message of whoever tries. Other names are users.
var tried = map[chat.Operation]attempts{
	chat.OpSee: {client: []string{"channels/{channel}.relay"}, rest: []string{"GET /channels/{channel}"}},
	chat.OpRead: {
		client: []string{
			"channels/{channel}.messages.relay", "channels/{channel}.members.relay", "channels/{channel}.moderators.relay",
			"channels/{channel}.threads.relay", "channels/{channel}.messages_count.relay", "channels/{channel}.unread.relay",
			"channels/{channel}.context.relay", "channels/{channel}.last_read_message.relay", "users/{target}.channel_member.relay",
			"messages/{message}.relay", "messages/{message}.channel.relay", "messages/{message}.read_receipts.relay",
			"messages/{message}.replies.relay", "messages/{message}.replies_count.relay", "messages/{message}.reactions.relay",
			"threads/{thread}.relay", "threads/{thread}.channel.relay",
		},
		rest: []string{
			"GET /channels/{channel}/messages", "GET /channels/{channel}/members", "GET /messages/{message}",
			"GET /messages/{message}/read-receipts", "GET /threads/{thread}", "GET /threads/{thread}/messages",
			"GET /channels/{channel}/members/{creator}", "GET /channels/{channel}/memberships", "GET /channels/{channel}/participants",
			"GET /channels/{channel}/moderators", "GET /channels/{channel}/invites",
		},
	},
	chat.OpReadBlocks: {client: []string{"channels/{channel}.block_records.relay"}},
	chat.OpListen: {client: []string{
		"/topic/v1/channels/{channel}.self", "/topic/v1/channels/{channel}.messages", "/topic/v1/channels/{channel}.members",
		"/topic/v1/channels/{channel}.typing", "/topic/v1/channels/{channel}.block_records",
	}},
	chat.OpJoin:  {client: []string{"channels/{channel}.join {}"}, uses: true},
	chat.OpLeave: {client: []string{"channels/{channel}.leave {}", `channels/{channel}.leave {"user":{"username":"{self}"}}`}, uses: true},
	chat.OpInvite: {
		client: []string{`channels/{channel}.invite {"user":{"username":"outsider"}}`},
		rest: []string{
			`POST /channels/{channel}/members {"username":"outsider"}`, `POST /channels/{channel}/invites {"user":{"username":"outsider"}}`,
		},
	},
	chat.OpInviteBlocked: {
		client: []string{`channels/{channel}.invite {"user":{"username":"blocked"}}`},
		rest: []string{
			`POST /channels/{channel}/members {"username":"blocked"}`, `POST /channels/{channel}/invites {"user":{"username":"blocked"}}`,
		},
	},
	chat.OpRemoveMember: {
		client: []string{`channels/{channel}.leave {"user":{"username":"target"}}`, `channels/{channel}.leave {"user":{"id":{deputy}}}`},
		rest:   []string{"DELETE /channels/{channel}/members/{target}"},
		uses:   true,
	},
	chat.OpRemoveCreator: {
		client: []string{`channels/{channel}.leave {"user":{"username":"creator"}}`},
		rest:   []string{"DELETE /channels/{channel}/members/{creator}"},
		uses:   true,
	},
	chat.OpSetModerator: {
		client: []string{`channels/{channel}.add_moderator {"username":"target"}`, `channels/{channel}.delete_moderator {"id":{deputy}}`},
		rest:   []string{`POST /channels/{channel}/moderators {"username":"target"}`, "DELETE /channels/{channel}/moderators/{deputy}"},
		uses:   true,
	},
	chat.OpDismissCreator: {
		client: []string{`channels/{channel}.delete_moderator {"username":"creator"}`},
		rest:   []string{"DELETE /channels/{channel}/moderators/{creator}"},
	},
	chat.OpBlock: {
		client: []string{
			`channels/{channel}.block {"username":"target"}`, `channels/{channel}.block {"id":{deputy}}`, "channel_block_records/{block}.delete {}",
		},
		uses: true,
	},
	chat.OpBlockCreator: {client: []string{`channels/{channel}.block {"id":{creator}}`}},
	chat.OpUpdate: {
		client: []string{`channels/{channel}.update {"displayName":"x","properties":{"a":1}}`},
		rest:   []string{`PATCH /channels/{channel} {"displayName":"x"}`},
	},
	chat.OpDelete:       {client: []string{"channels/{channel}.delete {}"}, rest: []string{"DELETE /channels/{channel}"}, uses: true},
	chat.OpMute:         {client: []string{`channels/{channel}.mute {"state":"ON"}`, `channels/{channel}.mute {"state":"OFF"}`}},
	chat.OpHide:         {client: []string{"channels/{channel}.hide {}"}},
	chat.OpClearHistory: {client: []string{"channels/{channel}.clear_history {}"}},
	chat.OpMarkRead:     {client: []string{"channels/{channel}.read {}", "messages/{message}.unread {}", "messages/{message}.read {}", "threads/{thread}.read {}"}},
	chat.OpPost: {
		client: []string{
			`channels/{channel}.message {"type":"TEXT","body":"x"}`, `messages/{message}.reply {"type":"TEXT","body":"x"}`,
			`threads/{thread}.message {"type":"TEXT","body":"x"}`, `channels/{channel}.create_thread {"name":"x"}`,
			`channels/{channel}.trigger_event {"type":"x","properties":{}}`,
		},
		rest: []string{
			`POST /channels/{channel}/messages {"type":"TEXT","body":"x"}`, `POST /threads/{thread}/messages {"type":"TEXT","body":"x"}`,
			`POST /channels/{channel}/messages {"type":"TEXT","body":"x","user":{"username":"stranger"}}`,
			`POST /channels/{channel}/events {"type":"x","properties":{}}`,
		},
	},
	chat.OpPostToBlocked: {
		client: []string{`channels/{channel}.message {"type":"TEXT","body":"x"}`, `messages/{message}.reply {"type":"TEXT","body":"x"}`},
		rest:   []string{`POST /channels/{channel}/messages {"type":"TEXT","body":"x","user":{"username":"creator"}}`},
	},
	chat.OpType: {
		client: []string{`channels/{channel}.keystrokes {"keys":"x"}`, `threads/{thread}.keystrokes {"keys":"x"}`},
		rest: []string{
			`POST /channels/{channel}/keystrokes {"keys":"x","user":{"username":"stranger"}}`, `POST /threads/{thread}/keystrokes {"keys":"x","user":{"username":"stranger"}}`,
		},
	},
	chat.OpReact:            {client: []string{`messages/{message}.react {"emoji":"+1"}`, `messages/{message}.remove_reaction {"emoji":"+1"}`}},
	chat.OpChangeOwnMessage: {client: []string{`messages/{own}.edit {"body":"y"}`, `messages/{own}.update_properties {"properties":{"a":1}}`, "messages/{own}.delete {}"}},
	chat.OpEditMessage: {
		client: []string{`messages/{message}.edit {"body":"y"}`},
		rest:   []string{`PATCH /messages/{message} {"body":"y"}`},
	},
	chat.OpSetMessageProperties: {
		client: []string{`messages/{message}.update_properties {"properties":{"a":1}}`},
		rest:   []string{`PATCH /messages/{message} {"properties":{"a":1}}`},
	},
	chat.OpDeleteMessage: {client: []string{"messages/{message}.delete {}"}, rest: []string{"DELETE /messages/{message}"}, uses: true},
	chat.OpDeleteForMe:   {client: []string{"messages/{message}.delete_for_me {}"}, uses: true},
	chat.OpReport:        {client: []string{`messages/{message}.report {"reason":"rude"}`}},
	chat.OpReadReports: {
		client: []string{"messages/{message}.reports.relay", "messages/{message}.report_count.relay"},
		rest:   []string{"GET /channels/{channel}/reported-messages"},
	},
}

// stage is a channel in which everybody has his role.
type stage struct {
	kind chat.ChannelType
	ids  map[string]int64 // by the names that stand for them
}

// walk tries the cells of the table against a node. Who has a role is called by
// its name.
type walk struct {
	*servetest.Server

	rows    func() map[string]int
	clients map[string]*servetest.Client
	users   map[string]int64
	// stages are those in which the next one may try too.
	stages map[string]*stage
	made   int
	// before is how many events there were, below zero where more were made.
	before int

	// foreign is a member's namesake in another application, theirs the
	// Platform API to that.
	foreign *servetest.Client
	theirs  *servetest.Server
}

// TestThePermissionsHold tries every cell of the table of rights: as each role
// through the client protocol, as the application through the Platform API, and
// as both of another application, for which nothing of this is there. What is
// refused changes nothing, and everybody's one session lives through all of it.
func TestThePermissionsHold(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		walkTheTable(t, "")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		walkTheTable(t, storetest.Postgres(t))
	})
}

func walkTheTable(t *testing.T, database string) {
	t.Helper()
	w := newWalk(t, database)
	for op := range chat.Operations {
		if len(tried[op].client) == 0 {
			t.Errorf("nobody tries to: %s", op)
		}
		for _, kind := range []chat.ChannelType{chat.Public, chat.Private, chat.Direct} {
			for role := chat.RoleStranger; role < chat.Roles; role++ {
				if kind == chat.Direct && (role == chat.RoleBlocked || role == chat.RoleModerator) {
					continue // there is none
				}
				refused := chat.CheckRight(op, kind, role)
				w.try(op, kind, role.String(), refused)
			}
			w.tryREST(op, kind)
		}
		w.tryWhatIsDeleted(op)
	}
	for name, c := range w.clients {
		if f := c.Ask("/application/v1/user.relay"); f.Refusal() != "" {
			t.Errorf("the session of %s: %v", name, f)
		}
	}
}

func newWalk(t *testing.T, database string) *walk {
	t.Helper()
	s := servetest.Start(t, func(c *config.Config) {
		c.Database, c.Connection.FramesPerSecond = database, 100_000
	})
	if database == "" {
		database = filepath.Join(s.Config.Data, "purr.db")
	}
	w := &walk{Server: s, rows: storetest.Counter(t, database), clients: map[string]*servetest.Client{}, users: map[string]int64{}, stages: map[string]*stage{}, before: -1}
	for _, name := range []string{"stranger", "blocked", "member", "moderator", "creator", "target", "deputy", "outsider", "enemy"} {
		w.clients[name] = s.Connect(name)
		w.clients[name].ListenToErrors()
		w.users[name] = servetest.Self(t, w.clients[name]).ID
	}
	for _, name := range []string{"stranger", "member", "moderator", "creator"} {
		w.must("enemy", fmt.Sprintf("users/%d.block {}", w.users[name]))
	}
	other, err := serve.CreateApplication(t.Context(), s.Config, "other")
	if err != nil {
		t.Fatal(err)
	}
	w.theirs = s.Of(other)
	w.foreign = w.theirs.Connect("member")
	w.foreign.ListenToErrors()
	return w
}

// try lets whoever has a role try an operation in every way, and whoever is a
// member elsewhere.
func (w *walk) try(op chat.Operation, kind chat.ChannelType, name string, refused error) {
	w.TB.Helper()
	for _, what := range tried[op].client {
		if kind == chat.Direct && strings.Contains(what, "{block}") {
			continue // there are none
		}
		c := w.clients[name]
		s := w.stage(op, kind, refused == nil && tried[op].uses)
		w.attempt(c, s.fill(w, what, name), refused, fmt.Sprintf("%s in a %s channel, %s", name, kind, what))
		if errors.Is(refused, chat.ErrUnknownChannel) {
			w.leaksNothing(c, s.fill(w, what, name), what, name)
		}
		w.attempt(w.foreign, s.fill(w, what, name), chat.ErrUnknownChannel, fmt.Sprintf("of another application, in a %s channel, %s", kind, what))
	}
}

// attempt tries once. What is refused must leave nothing.
func (w *walk) attempt(c *servetest.Client, what string, refused error, doing string) {
	w.TB.Helper()
	var e *chat.Error
	if !errors.As(refused, &e) {
		if got := do(c, what); got.name != "" {
			w.TB.Errorf("%s: %s", doing, got.body)
		}
		w.before = -1
		return
	}
	w.begin()
	got := do(c, what)
	reason := expected(e, what)
	if got.name != reason {
		w.TB.Errorf("%s: %q, want %q", doing, got.name, reason)
	}
	w.end(doing)
}

// begin notes what there is before an attempt that must leave nothing.
func (w *walk) begin() {
	if w.before < 0 {
		w.before = w.rows()["events"]
	}
}

// end finds that an attempt has left something. Every change leaves an event.
func (w *walk) end(doing string) {
	w.TB.Helper()
	if after := w.rows()["events"]; after != w.before {
		w.TB.Errorf("%s: was refused and left %d events", doing, after-w.before)
		w.before = after
	}
}

// leaksNothing compares the answer to somebody who must not know of a channel
// with that to who names what never was.
func (w *walk) leaksNothing(c *servetest.Client, filled, what, name string) {
	w.TB.Helper()
	const never = 404404
	s := &stage{ids: map[string]int64{"channel": never, "message": never, "own": never, "thread": never, "block": never}}
	if got, nothing := do(c, filled), do(c, s.fill(w, what, name)); got != nothing {
		w.TB.Errorf("%s, %s: %v, but of what never was: %v", name, what, got, nothing)
	}
}

// expected is the name of a refusal by what was named.
func expected(e *chat.Error, what string) string {
	unknown := errors.Is(e, chat.ErrUnknownChannel)
	switch {
	case strings.HasPrefix(what, "/topic/"):
		return "silence"
	case unknown && strings.Contains(what, "messages/"):
		return chat.ErrUnknownMessage.Reason
	case unknown && strings.Contains(what, "threads/"):
		return chat.ErrUnknownThread.Reason
	case unknown && strings.Contains(what, "channel_block_records/"):
		return chat.ErrUnknownResource.Reason
	}
	return e.Reason
}

// outcome is how an attempt ended: with a name where it was refused.
type outcome struct{ name, body string }

var timestamp = regexp.MustCompile(`"timestamp":"[^"]*"`)

func refusal(f servetest.Frame) outcome {
	return outcome{f.Refusal(), timestamp.ReplaceAllString(f.Body, "")}
}

// do asks, listens or acts, and waits for the answer.
func do(c *servetest.Client, what string) outcome {
	if strings.HasPrefix(what, "/topic/") {
		return listen(c, what)
	}
	path, body, action := strings.Cut(what, " ")
	if !action {
		path, parameter, given := strings.Cut(path, "?")
		if given {
			return refusal(c.Ask("/application/v1/"+path, parameter))
		}
		return refusal(c.Ask("/application/v1/" + path))
	}
	receipt := c.Send("/application/v1/"+path, body)
	return refusal(c.Await("an answer of "+path, func(f servetest.Frame) bool { return f.Headers["receipt-id"] == receipt }))
}

// listen subscribes a topic. That there is no receipt shows when there is an
// answer to what was asked afterwards.
func listen(c *servetest.Client, topic string) outcome {
	c.Write("SUBSCRIBE", "", "id:topic", "receipt:topic", "destination:"+topic)
	c.Write("SUBSCRIBE", "", "id:fence", "destination:/application/v1/user.relay")
	fence := func(f servetest.Frame) bool { return f.Headers["subscription"] == "fence" }
	f := c.Await("a receipt or silence", func(f servetest.Frame) bool { return fence(f) || f.Headers["receipt-id"] == "topic" })
	if fence(f) {
		return outcome{name: "silence"}
	}
	c.Await("the fence", fence)
	c.Write("UNSUBSCRIBE", "", "id:topic", "receipt:no more")
	c.AwaitReceipt("no more") // and the end of a chat session is in the log
	return outcome{}
}

// must does what cannot be refused.
func (w *walk) must(name, what string) {
	w.TB.Helper()
	if got := do(w.clients[name], what); got.name != "" {
		w.TB.Fatalf("%s, %s: %s", name, what, got.body)
	}
}

// tryREST lets the application try an operation, and another application.
func (w *walk) tryREST(op chat.Operation, kind chat.ChannelType) {
	w.TB.Helper()
	refused := chat.CheckRight(op, kind, chat.RoleApplication)
	for _, what := range tried[op].rest {
		s := w.stage(op, kind, refused == nil && tried[op].uses)
		text := s.fill(w, what, "")
		w.begin()
		if status, body := call(w.theirs, text); status != 404 {
			w.TB.Errorf("another application, %s: %d %s", what, status, body)
		}
		w.end("another application, " + what)
		status, body := call(w.Server, text)
		var e *chat.Error
		switch {
		case refused == nil:
			w.before = -1
			if status/100 != 2 {
				w.TB.Errorf("the application in a %s channel, %s: %d %s", kind, what, status, body)
			}
		case !errors.As(refused, &e) || !strings.Contains(body, `"`+restName(e)+`"`) || status/100 != 4:
			w.TB.Errorf("the application in a %s channel, %s: %d %s, want %v", kind, what, status, body, refused)
		default:
			w.end(fmt.Sprintf("the application in a %s channel, %s", kind, what))
		}
	}
}

func restName(e *chat.Error) string {
	if e.Code == chat.Forbidden {
		return "access_denied"
	}
	return e.Reason
}

func call(s *servetest.Server, what string) (int, string) {
	method, rest, _ := strings.Cut(what, " ")
	path, body, _ := strings.Cut(rest, " ")
	return s.Call(method, "/v1"+path, body)
}

// tryWhatIsDeleted lets those who had a role in a channel try an operation when
// it is gone.
func (w *walk) tryWhatIsDeleted(op chat.Operation) {
	w.TB.Helper()
	s := w.stages["deleted"]
	if s == nil {
		s = w.set(chat.Public, "")
		s.ids["own"] = w.write(s, "creator")
		w.must("creator", s.fill(w, "channels/{channel}.delete {}", ""))
		w.stages["deleted"] = s
	}
	for _, what := range tried[op].client {
		w.attempt(w.clients["creator"], s.fill(w, what, "creator"), chat.ErrUnknownChannel, "in a deleted channel, "+what)
	}
}

// stage gives a channel to try in: one of its own for who uses it up.
func (w *walk) stage(op chat.Operation, kind chat.ChannelType, own bool) *stage {
	w.TB.Helper()
	extra := ""
	if op == chat.OpPostToBlocked {
		extra = "enemy"
	}
	if own {
		return w.set(kind, extra)
	}
	key := string(kind) + extra
	if w.stages[key] == nil {
		w.stages[key] = w.set(kind, extra)
	}
	return w.stages[key]
}

// set makes a channel in which everybody has his role.
func (w *walk) set(kind chat.ChannelType, extra string) *stage {
	w.TB.Helper()
	w.made++
	w.before = -1
	names := []string{"creator", "member", "target", "moderator", "deputy", "blocked"}
	if kind == chat.Direct {
		// There is one direct channel of the same members.
		names = append(names[:3], "extra "+strconv.Itoa(w.made))
		w.Post("/v1/users", map[string]any{"name": names[3], "displayName": names[3], "isGuest": true})
	}
	if extra != "" {
		names = append(names, extra)
	}
	var members []any
	for _, name := range names {
		members = append(members, map[string]any{"username": name})
	}
	in := map[string]any{"type": kind, "creator": members[0], "members": members}
	s := &stage{kind: kind, ids: map[string]int64{"channel": id(w.Post("/v1/channels", in))}}
	w.must("creator", s.fill(w, `channels/{channel}.create_thread {"name":"thread"}`, ""))
	s.ids["message"] = w.write(s, "target")
	s.ids["thread"] = w.find("creator", s.fill(w, "channels/{channel}.threads.relay", ""), `"type":"STANDALONE"`, `"id":(\d+),"type":"STANDALONE"`)
	if kind == chat.Direct {
		return s
	}
	for _, name := range []string{"moderator", "deputy"} {
		w.must("creator", s.fill(w, `channels/{channel}.add_moderator {"username":"`+name+`"}`, ""))
	}
	w.must("creator", s.fill(w, `channels/{channel}.block {"username":"blocked"}`, ""))
	s.ids["block"] = w.find("creator", s.fill(w, "channels/{channel}.block_records.relay", ""), "blocked", `channel_block_records/(\d+)\.delete`)
	return s
}

// find reads an identifier out of the answer of a relay.
func (w *walk) find(name, relay, what, pattern string) int64 {
	w.TB.Helper()
	f := w.clients[name].Ask("/application/v1/" + relay)
	found := regexp.MustCompile(pattern).FindStringSubmatch(f.Body)
	if found == nil {
		w.TB.Fatalf("no %s in %v", what, f)
	}
	n, err := strconv.ParseInt(found[1], 10, 64)
	if err != nil {
		w.TB.Fatal(err)
	}
	return n
}

// write lets the application write a message for a user.
func (w *walk) write(s *stage, name string) int64 {
	w.TB.Helper()
	w.before = -1
	return id(w.Post(fmt.Sprintf("/v1/channels/%d/messages", s.ids["channel"]), map[string]any{"type": "TEXT", "body": "x", "user": map[string]any{"username": name}}))
}

func id(made map[string]any) int64 {
	text, _ := json.Marshal(made["id"])
	n, _ := strconv.ParseFloat(string(text), 64)
	return int64(n)
}

// fill puts identifiers into a text. A message of one's own is written anew
// each time.
func (s *stage) fill(w *walk, text, name string) string {
	w.TB.Helper()
	if strings.Contains(text, "{own}") && s.ids["own"] == 0 {
		text = strings.ReplaceAll(text, "{own}", strconv.FormatInt(w.write(s, name), 10))
	}
	if strings.Contains(text, "channel_member") {
		text += "?channelId:{channel}"
	}
	text = strings.ReplaceAll(text, "{self}", name)
	for place, n := range s.ids {
		text = strings.ReplaceAll(text, "{"+place+"}", strconv.FormatInt(n, 10))
	}
	for user, n := range w.users {
		text = strings.ReplaceAll(text, "{"+user+"}", strconv.FormatInt(n, 10))
	}
	return text
}
