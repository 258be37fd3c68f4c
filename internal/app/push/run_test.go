package push_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/app/push"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/clock"
)

// An endpoint that hangs is asked a few times at once and holds up nobody else.
func TestAHangingEndpointHoldsUpNobody(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann := w.User("ann")
		crowd := []chat.User{ann}
		for i := range 2 * push.MaxSendingInLane {
			crowd = append(crowd, w.User(fmt.Sprint("user", i)))
		}
		room := w.Channel(chat.Public, "room", crowd...)
		s := newStation(t, w)
		for _, u := range crowd[1:] {
			register(t, w, u, phone(u.Name))
		}
		hanging, full := make(chan struct{}), make(chan struct{})
		var waiting, most atomic.Int64
		var once sync.Once
		s.answer = func(_ http.ResponseWriter, r *http.Request) {
			now := waiting.Add(1)
			defer waiting.Add(-1)
			most.Store(max(most.Load(), now))
			if now == push.MaxSendingInLane {
				once.Do(func() { close(full) })
			}
			select {
			case <-hanging:
			case <-r.Context().Done():
			}
		}
		defer close(hanging)

		// Another application has an endpoint that answers.
		arrived := make(chan struct{}, 10)
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived <- struct{}{} }))
		defer other.Close()
		owner := chat.Actor{Application: w.Application("other").Application.ID}
		eve, zoe := w.UserOf(owner.Application, "eve"), w.UserOf(owner.Application, "zoe")
		den, err := w.Channels.Create(t.Context(), owner, channels.CreateInput{Type: chat.Public, Name: "den", Members: []chat.UserRef{{ID: eve.ID}, {ID: zoe.ID}}})
		must(t, err)
		_, err = w.Push.SetCredentials(t.Context(), owner, push.CredentialsInput{Kind: chat.Webhook, URL: other.URL, Secret: hookSecret})
		must(t, err)
		register(t, w, zoe, phone("zoe"))

		runner := push.NewRunner(w.Push, clock.Real(), slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			runner.Run(ctx)
		}()
		defer func() {
			stop()
			<-ended
		}()
		say(t, w, ann, room, "hello")
		runner.Wake()
		<-full
		_, err = w.Messages.Send(t.Context(), w.As(eve), messages.SendInput{Channel: den.Channel.ID, Body: "hello"})
		must(t, err)
		runner.Wake()
		<-arrived
		if most.Load() != push.MaxSendingInLane {
			t.Errorf("%d requests hung at once", most.Load())
		}
	})
}
