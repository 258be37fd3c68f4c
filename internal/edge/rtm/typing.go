package rtm

import (
	"context"
	"sync"
	"time"

	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

const (
	// typingEnds is how long a user counts as typing after his last keystroke.
	typingEnds = 5 * time.Second
	// echoEnds is how long keystrokes may arrive after the message that they
	// belong to: the SDKs hold them back for 150 ms.
	echoEnds = 2 * time.Second
)

// typist is a user in a channel.
type typist struct {
	channel chat.ChannelID
	user    chat.UserID
}

// typing knows who types what on this node (client-protocol 8.4). Nothing of
// it is stored. It has no goroutine: sweep ends what time ends.
type typing struct {
	signals func(chat.Signal)
	now     func() time.Time

	mu sync.Mutex
	// active are those who type, echoes what was just said.
	active map[typist]typed
	echoes map[typist]echo
}

type typed struct {
	application chat.ApplicationID
	session     chat.SessionID
	until       time.Time
}

type echo struct {
	body  string
	until time.Time
}

func newTyping(signals func(chat.Signal), now func() time.Time) *typing {
	return &typing{signals: signals, now: now, active: map[typist]typed{}, echoes: map[typist]echo{}}
}

// keys takes keystrokes: all of the text that is being typed.
func (t *typing) keys(actor chat.Actor, who typist, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if said, ok := t.echoes[who]; ok && text == said.body && now.Before(said.until) {
		return // they belong to the message that has overtaken them
	}
	t.signals(chat.Signal{Application: actor.Application, Kind: chat.KeysTyped, User: who.user, Channel: who.channel, Text: text})
	if text == "" {
		t.end(who)
		return
	}
	if _, already := t.active[who]; !already {
		t.signals(chat.Signal{Application: actor.Application, Kind: chat.TypingStarted, User: who.user, Channel: who.channel})
	}
	t.active[who] = typed{actor.Application, actor.Session, now.Add(typingEnds)}
}

// end requires the lock.
func (t *typing) end(who typist) {
	if was, ok := t.active[who]; ok {
		delete(t.active, who)
		t.signals(chat.Signal{Application: was.application, Kind: chat.TypingStopped, User: who.user, Channel: who.channel})
	}
}

// stop ends a user's typing in a channel.
func (t *typing) stop(who typist) {
	t.mu.Lock()
	t.end(who)
	t.mu.Unlock()
}

// said notes a message that its author has sent through this node.
func (t *typing) said(who typist, body string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.echoes[who] = echo{body, t.now().Add(echoEnds)}
	t.end(who)
}

// heard ends the typing that an event of the log ends.
func (t *typing) heard(e *chat.Event) {
	switch e.Kind {
	case chat.MessageCreated:
		t.saidElsewhere(typist{e.Channel, e.Actor}, e.Session)
	case chat.MemberLeft:
		t.stop(typist{e.Channel, e.Target})
	default:
	}
}

// saidElsewhere notes a message that its author has sent by another way than
// the session he types in; said has noted the others, and what he has typed
// since is news. What the application types for him is in no session.
func (t *typing) saidElsewhere(who typist, session chat.SessionID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if session == 0 || t.active[who].session != session {
		t.end(who)
	}
}

// gone ends what a connection that was lost was typing.
func (t *typing) gone(session chat.SessionID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for who, is := range t.active {
		if is.session == session {
			t.end(who)
		}
	}
}

// sweep ends the typing of those who have paused.
func (t *typing) sweep() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for who, is := range t.active {
		if !now.Before(is.until) {
			t.end(who)
		}
	}
	for who, said := range t.echoes {
		if !now.Before(said.until) {
			delete(t.echoes, who)
		}
	}
}

// typeKeys passes keystrokes on to those who chat in the channel.
func typeKeys(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body struct {
		Keys string `json:"keys"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	if c.server.Hub.IsMember(c.actor.User, r.channel()) {
		return nil, c.server.Channels.TypeAsMember(c.actor, r.channel(), body.Keys)
	}
	// Another node may have made him a member a moment ago.
	_, err := c.server.Channels.Type(ctx, c.actor, channels.TypeInput{Channel: r.channel(), Keys: body.Keys})
	return nil, err
}

// keystrokesInThread is typeKeys for the text of a thread.
func keystrokesInThread(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body struct {
		Keys string `json:"keys"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	_, err := c.server.Channels.Type(ctx, c.actor, channels.TypeInput{Thread: chat.ThreadID(r.id), Keys: body.Keys})
	return nil, err
}

// Typed hears of keystrokes, through whatever door they came (channels.Typing).
func (s *Server) Typed(actor chat.Actor, channel chat.ChannelID, user chat.UserID, keys string) {
	s.typing.keys(actor, typist{channel, user}, keys)
}

// typingSignal tells those who are there, and do not block him, of who types.
func (s *Server) typingSignal(ctx context.Context, sig chat.Signal) {
	if sig.Kind == chat.KeysTyped {
		s.keysTyped(ctx, sig)
		return
	}
	what := "started"
	if sig.Kind == chat.TypingStopped {
		what = "stopped"
	}
	pubs := []realtime.Publication{
		{Topic: realtime.ChannelTopic(sig.Channel, realtime.Typing), From: sig.User},
		{Topic: realtime.Topic{Scope: realtime.OfUser, Name: realtime.Participants}, Members: sig.Channel, From: sig.User},
	}
	s.tellOf(ctx, sig, pubs, func(p realtime.Publication) string {
		if p.Members != 0 {
			return "participant.typing." + what
		}
		return "thread.typing." + what
	})
}

func (s *Server) keysTyped(ctx context.Context, sig chat.Signal) {
	t := realtime.ChannelTopic(sig.Channel, realtime.Keystrokes)
	if s.Hub.Listeners(t) == 0 {
		return
	}
	u, err := s.Accounts.RetrieveUser(ctx, chat.Actor{Application: sig.Application}, sig.User)
	if err != nil {
		if chat.CodeOf(err) != chat.NotFound {
			s.Log.Error("tell of keystrokes", "error", err)
		}
		return
	}
	s.Hub.Publish([]realtime.Publication{{Topic: t, From: sig.User, Render: func() []byte {
		return event("thread.keystrokes.created", func(dst []byte) []byte { return s.style.Keystrokes(dst, &u, sig.Text) })
	}}})
	s.Hub.Flush()
}
