package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"
)

// SDK is a published client SDK.
type SDK string

// The client SDKs, by the names of the protocol reference.
const (
	// Classic is chatkitty 1.58.2.
	Classic SDK = "K158"
	// Core is @chatkitty/core 2.106.2.
	Core SDK = "C2106"
)

// Transport is how a client reaches the server.
type Transport string

// The transports that can be asked for. Which of its own transports SockJS
// uses is decided by what the server offers; see Gate.
const (
	WebSocket Transport = "websocket"
	SockJS    Transport = "sockjs"
)

// classicNames are the methods and handlers that the classic SDK calls by
// another name. Tests use the newer names throughout.
var classicNames = map[string]string{
	"checkChannelUnread":         "getChannelUnread",
	"checkUserIsChannelMember":   "getUserIsChannelMember",
	"countMessageReplies":        "getMessageRepliesCount",
	"countUnreadChannels":        "getUnreadChannelsCount",
	"countUnreadMessages":        "getUnreadMessagesCount",
	"deleteUserBlockedRecord":    "deleteUserBlockListItem",
	"listChannelMembers":         "getChannelMembers",
	"listChannels":               "getChannels",
	"listMessages":               "getMessages",
	"listReactions":              "getReactions",
	"listReadReceipts":           "getReadReceipts",
	"listThreadChannel":          "getThreadChannel",
	"listThreadMessage":          "getThreadMessage",
	"listThreads":                "getThreads",
	"listUserBlockedRecords":     "getUserBlockList",
	"listUsers":                  "getUsers",
	"listUsersCount":             "getUsersCount",
	"onKeystrokesReceived":       "onReceivedKeystrokes",
	"onMessageReceived":          "onReceivedMessage",
	"onThreadKeystrokesReceived": "onThreadReceivedKeystrokes",
	"onThreadMessageReceived":    "onThreadReceivedMessage",
	"retrieveChannel":            "getChannel",
	"retrieveCurrentUser":        "getCurrentUser",
	"retrieveLastReadMessage":    "getLastReadMessage",
	"retrieveMessageChannel":     "getMessageChannel",
	"retrieveMessageParent":      "getMessageParent",
	"retrieveUser":               "getUser",
}

func (s SDK) named(name string) string {
	if old, differs := classicNames[name]; differs && s == Classic {
		return old
	}
	return name
}

// Client is one SDK client: one page, one app, one device of a user.
type Client struct {
	t        testing.TB
	node     *Node
	ref      Ref
	sdk      SDK
	username string
}

// NewClient creates an SDK client that will connect to the host.
func (n *Node) NewClient(sdk SDK, transport Transport, host, apiKey string) *Client {
	n.t.Helper()
	creating := n.begin("new client", map[string]any{
		"op": "client", "sdk": sdk, "apiKey": apiKey, "host": host, "transport": transport,
	})
	if sdk == Core {
		creating.proving(n.proof(sdk, OfPackage, "getSdkClient"))
	}
	created, err := creating.Wait(Patience)
	if err != nil {
		n.t.Fatal(err)
	}
	return &Client{t: n.t, node: n, ref: created.Ref, sdk: sdk, username: "nobody"}
}

// StartClient creates a client and starts the session of a user.
func (n *Node) StartClient(sdk SDK, host, apiKey, username string) *Client {
	n.t.Helper()
	client := n.NewClient(sdk, WebSocket, host, apiKey)
	client.StartSession(username)
	return client
}

// Username is the user whose session this is.
func (c *Client) Username() string { return c.username }

// SDK is the client's SDK.
func (c *Client) SDK() SDK { return c.sdk }

// Begin calls a method and does not wait for it.
func (c *Client) Begin(method string, args ...any) *Promise {
	name := c.sdk.named(method)
	return c.node.call(c.username, c.ref, name, args...).proving(c.node.proof(c.sdk, OfClient, name))
}

// Try calls a method. A failed result is returned as the *Failure it carries.
func (c *Client) Try(method string, args ...any) (Result, error) {
	return settle(c.Begin(method, args...), Patience)
}

func settle(promise *Promise, patience time.Duration) (Result, error) {
	result, err := promise.Wait(patience)
	if err != nil {
		return result, err
	}
	if failure := result.Failure(); failure != nil {
		return result, fmt.Errorf("%s: %w", promise.what, failure)
	}
	return result, nil
}

// Must calls a method that has to succeed.
func (c *Client) Must(method string, args ...any) Result {
	c.t.Helper()
	result, err := c.Try(method, args...)
	if err != nil {
		c.t.Fatal(err)
	}
	return result
}

// FailureOf calls a method that has to fail and returns how it failed.
func (c *Client) FailureOf(method string, args ...any) *Failure {
	c.t.Helper()
	result, err := c.Try(method, args...)
	if err == nil {
		c.t.Fatalf("%s.%s succeeded: %s", c.username, method, result.JSON)
	}
	var failure *Failure
	if !errors.As(err, &failure) {
		c.t.Fatal(err)
	}
	return failure
}

// FailureOf waits for a call and returns how it failed, nil if it did not.
func FailureOf(promise *Promise) *Failure {
	_, err := settle(promise, Patience)
	var failure *Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failure):
		return failure
	default:
		return &Failure{Message: err.Error()}
	}
}

// StartSession starts the session of a user without authentication.
func (c *Client) StartSession(username string) {
	c.t.Helper()
	c.username = username
	if _, err := settle(c.Begin("startSession", request{"username": username}), ReconnectPatience); err != nil {
		c.t.Fatal(err)
	}
}

// EndSession ends the session. The protocol promises that this takes less
// than a second, server permitting.
func (c *Client) EndSession() {
	c.t.Helper()
	c.Must("endSession")
}

// Observe registers a handler of the client itself, such as
// "onUserPresenceChanged".
func (c *Client) Observe(observer string, pick ...string) *Log {
	c.t.Helper()
	log, handler := c.node.handler(c.username+" "+observer, pick...)
	log.proof = c.node.proof(c.sdk, OfClient, observer)
	// That it can be registered proves nothing; that it is called does.
	if _, err := c.node.call(c.username, c.ref, observer, handler).Wait(Patience); err != nil {
		c.t.Fatal(err)
	}
	return log
}

// request is the object that most SDK methods take.
type request = map[string]any

// User is a user as an application sees one.
type User struct {
	Ref         Ref    `json:"-"`
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
	IsGuest     bool   `json:"isGuest"`
	Presence    struct {
		Status string `json:"status"`
		Online bool   `json:"online"`
	} `json:"presence"`
}

func (u *User) bind(ref Ref) { u.Ref = ref }

// Channel is a channel as an application sees one. Its Ref is the object with
// all its links.
type Channel struct {
	Ref         Ref                        `json:"-"`
	ID          int64                      `json:"id"`
	Type        string                     `json:"type"`
	Name        string                     `json:"name"`
	DisplayName string                     `json:"displayName"`
	Members     []User                     `json:"members"`
	Properties  map[string]json.RawMessage `json:"properties"`
	Actions     map[string]string          `json:"_actions"`
	Topics      map[string]string          `json:"_topics"`
	Relays      map[string]string          `json:"_relays"`
}

func (c *Channel) bind(ref Ref) { c.Ref = ref }

// Message is a message as an application sees one.
type Message struct {
	Ref       Ref    `json:"-"`
	ID        int64  `json:"id"`
	Type      string `json:"type"`
	ChannelID int64  `json:"channelId"`
	Body      string `json:"body"`
	User      *User  `json:"user"`
}

func (m *Message) bind(ref Ref) { m.Ref = ref }

// resource is something with links, which methods want back as an object.
type resource[T any] interface {
	*T
	bind(Ref)
}

// part reads a resource out of a result.
func part[T any, P resource[T]](c *Client, result Result, name string) *T {
	c.t.Helper()
	read := P(new(T))
	if err := result.Part(name, read); err != nil {
		c.t.Fatalf("%s: %v", c.username, err)
	}
	read.bind(result.Ref.Part(name))
	return read
}

// CurrentUser retrieves the user of the session.
func (c *Client) CurrentUser() *User {
	c.t.Helper()
	return part[User](c, c.Must("retrieveCurrentUser"), "user")
}

// CreateChannel creates a channel. Options are further members of the request,
// such as "name" or "members".
func (c *Client) CreateChannel(kind string, options map[string]any) *Channel {
	c.t.Helper()
	wanted := request{"type": kind}
	for name, value := range options {
		wanted[name] = value
	}
	return part[Channel](c, c.Must("createChannel", wanted), "channel")
}

// RetrieveChannel retrieves a channel as this client's user sees it.
func (c *Client) RetrieveChannel(id int64) *Channel {
	c.t.Helper()
	return part[Channel](c, c.Must("retrieveChannel", id), "channel")
}

// JoinChannel joins a public channel.
func (c *Client) JoinChannel(channel *Channel) *Channel {
	c.t.Helper()
	return part[Channel](c, c.Must("joinChannel", request{"channel": channel.Ref}), "channel")
}

// LeaveChannel leaves a channel.
func (c *Client) LeaveChannel(channel *Channel) *Channel {
	c.t.Helper()
	return part[Channel](c, c.Must("leaveChannel", request{"channel": channel.Ref}), "channel")
}

// Enter retrieves a channel and joins it unless the user is a member.
func (c *Client) Enter(id int64) *Channel {
	c.t.Helper()
	channel := c.RetrieveChannel(id)
	if channel.Actions["join"] == "" {
		return channel
	}
	return c.JoinChannel(channel)
}

// Page is a page of a list, as the SDK's paginator shows it.
type Page[T any, P resource[T]] struct {
	client  *Client
	ref     Ref
	Items   []T
	HasNext bool
	HasPrev bool
}

func pageOf[T any, P resource[T]](c *Client, paginator Ref, data json.RawMessage) *Page[T, P] {
	c.t.Helper()
	var seen struct {
		Items       []T  `json:"items"`
		HasNextPage bool `json:"hasNextPage"`
		HasPrevPage bool `json:"hasPrevPage"`
	}
	if err := json.Unmarshal(data, &seen); err != nil {
		c.t.Fatalf("%s: %v in %s", c.username, err, data)
	}
	page := &Page[T, P]{client: c, ref: paginator, Items: seen.Items, HasNext: seen.HasNextPage, HasPrev: seen.HasPrevPage}
	for i := range page.Items {
		P(&page.Items[i]).bind(paginator.Part(fmt.Sprintf("items.%d", i)))
	}
	return page
}

// Next turns the page.
func (p *Page[T, P]) Next() *Page[T, P] {
	p.client.t.Helper()
	return p.turn("nextPage")
}

// Previous turns the page back.
func (p *Page[T, P]) Previous() *Page[T, P] {
	p.client.t.Helper()
	return p.turn("prevPage")
}

func (p *Page[T, P]) turn(method string) *Page[T, P] {
	c := p.client
	c.t.Helper()
	turned, err := c.node.call(c.username, p.ref, method).proving(c.node.proof(c.sdk, OfPage, method)).Wait(Patience)
	if err != nil {
		c.t.Fatal(err)
	}
	return pageOf[T, P](c, turned.Ref, turned.JSON)
}

// All turns the pages to the last one and returns all items.
func (p *Page[T, P]) All() []T {
	p.client.t.Helper()
	all := p.Items
	for page := p; page.HasNext; {
		page = page.Next()
		if len(page.Items) == 0 {
			p.client.t.Fatal("a page that was announced is empty")
		}
		all = append(all, page.Items...)
	}
	return all
}

// List calls any method whose result has pages.
func List[T any, P resource[T]](c *Client, method string, args ...any) *Page[T, P] {
	c.t.Helper()
	result := c.Must(method, args...)
	var paginator json.RawMessage
	if err := result.Part("paginator", &paginator); err != nil {
		c.t.Fatalf("%s: %v", c.username, err)
	}
	return pageOf[T, P](c, result.Ref.Part("paginator"), paginator)
}

// ListChannels lists channels; a nil filter is none at all.
func (c *Client) ListChannels(filter map[string]any) *Page[Channel, *Channel] {
	c.t.Helper()
	if filter == nil {
		return List[Channel](c, "listChannels")
	}
	return List[Channel](c, "listChannels", request{"filter": filter})
}

// ListMessages lists a channel's messages, newest first.
func (c *Client) ListMessages(channel *Channel) *Page[Message, *Message] {
	c.t.Helper()
	return List[Message](c, "listMessages", request{"channel": channel.Ref})
}

// ListAllMessages lists the messages of all channels of the user, newest first.
// A nil filter is none at all.
func (c *Client) ListAllMessages(filter map[string]any) *Page[Message, *Message] {
	c.t.Helper()
	wanted := request{}
	if filter != nil {
		wanted["filter"] = filter
	}
	return List[Message](c, "listMessages", wanted)
}

// ListUsers lists the users of the application.
func (c *Client) ListUsers() *Page[User, *User] {
	c.t.Helper()
	return List[User](c, "listUsers")
}

// ListMembers lists a channel's members.
func (c *Client) ListMembers(channel *Channel) *Page[User, *User] {
	c.t.Helper()
	return List[User](c, "listChannelMembers", request{"channel": channel.Ref})
}

// SendMessage sends a text message and waits until it is acknowledged.
func (c *Client) SendMessage(channel *Channel, body string) *Message {
	c.t.Helper()
	return c.AwaitMessage(c.BeginMessage(channel, body))
}

// BeginMessage sends a text message and does not wait.
func (c *Client) BeginMessage(channel *Channel, body string) *Promise {
	return c.Begin("sendMessage", request{"channel": channel.Ref, "body": body})
}

// AwaitMessage waits for a message that was sent, also over a reconnect.
func (c *Client) AwaitMessage(sent *Promise) *Message {
	c.t.Helper()
	result, err := settle(sent, ReconnectPatience)
	if err != nil {
		c.t.Fatal(err)
	}
	return part[Message](c, result, "message")
}

// ChatSession is an open chat session: one log for each of its handlers.
type ChatSession struct {
	client  *Client
	ref     Ref
	channel *Channel
	logs    map[string]*Log
}

// OnMessage is the handler that most chat sessions have.
const OnMessage = "onMessageReceived"

// StartChatSession opens a chat session with the given handlers and returns
// when its subscriptions are in force.
func (c *Client) StartChatSession(channel *Channel, handlers ...string) *ChatSession {
	c.t.Helper()
	session := &ChatSession{client: c, channel: channel, logs: map[string]*Log{}}
	wanted := request{"channel": channel.Ref}
	for _, name := range handlers {
		log, handler := c.node.handler(c.username + " " + name + " in " + channel.Name)
		log.proof = c.node.proof(c.sdk, OfChat, c.sdk.named(name))
		session.logs[name] = log
		wanted[c.sdk.named(name)] = handler
	}
	session.open(wanted)
	return session
}

// Follow opens a chat session whose handlers share one log, in the order in
// which they are called. The first argument of each call is the handler's name.
// Handlers that the SDK does not know are never called.
func (c *Client) Follow(channel *Channel, handlers ...string) *Log {
	c.t.Helper()
	log := NewLog(c.username + " in " + channel.Name)
	wanted := request{"channel": channel.Ref}
	for _, name := range handlers {
		wanted[c.sdk.named(name)] = c.node.handlerInto(log, name)
	}
	(&ChatSession{client: c, channel: channel}).open(wanted)
	return log
}

func (s *ChatSession) open(wanted request) {
	s.client.t.Helper()
	s.ref = s.client.Must("startChatSession", wanted).Ref
	s.settle()
}

// settle makes sure that the subscriptions are in force. The SDK subscribes
// the topics only after the receipt of the first one, and frames are answered
// in order: after the first exchange the receipt has been received, after the
// second one the subscriptions that followed it have been carried out.
func (s *ChatSession) settle() {
	s.client.t.Helper()
	s.client.RetrieveChannel(s.channel.ID)
	s.client.RetrieveChannel(s.channel.ID)
}

// On returns what a handler has been called with.
func (s *ChatSession) On(handler string) *Log {
	s.client.t.Helper()
	log, ok := s.logs[handler]
	if !ok {
		s.client.t.Fatalf("the session was started without %s", handler)
	}
	return log
}

// Messages returns the log of the message handler.
func (s *ChatSession) Messages() *Log {
	s.client.t.Helper()
	return s.On(OnMessage)
}

// End ends the chat session, and returns when that is in force.
func (s *ChatSession) End() {
	c := s.client
	c.t.Helper()
	ended := c.node.call(c.username, s.ref.Part("session"), "end").proving(c.node.proof(c.sdk, OfChat, "end"))
	if _, err := ended.Wait(Patience); err != nil {
		c.t.Fatal(err)
	}
	c.RetrieveChannel(s.channel.ID)
}

// SetThread makes a thread the session's own.
func (s *ChatSession) SetThread(thread Ref) {
	c := s.client
	c.t.Helper()
	set := c.node.call(c.username, s.ref.Part("session"), "setThread", thread).proving(c.node.proof(c.sdk, OfChat, "setThread"))
	if _, err := set.Wait(Patience); err != nil {
		c.t.Fatal(err)
	}
}

// MessagesOf decodes the messages that a message handler was called with.
func MessagesOf(t testing.TB, calls []Call) []Message {
	t.Helper()
	messages := make([]Message, len(calls))
	for i, call := range calls {
		if err := call.Decode(0, &messages[i]); err != nil {
			t.Fatal(err)
		}
	}
	return messages
}

// BodiesOf lists the bodies of the messages that a handler was called with.
func BodiesOf(t testing.TB, calls []Call) []string {
	t.Helper()
	var bodies []string
	for _, message := range MessagesOf(t, calls) {
		bodies = append(bodies, message.Body)
	}
	return bodies
}

// UserOf decodes the user that a handler was called with.
func UserOf(call Call) User {
	var user User
	// A call without a user is no match for anything; the zero user says so.
	_ = call.Decode(0, &user)
	return user
}

// ListUsersBy lists users by any method whose pages hold some.
func (c *Client) ListUsersBy(method string, args ...any) *Page[User, *User] {
	c.t.Helper()
	return List[User](c, method, args...)
}
