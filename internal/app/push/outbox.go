package push

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Parcel is what a provider is handed.
type Parcel struct {
	Device      chat.Device
	Credentials chat.PushCredentials
	// Secret proves the application to the provider.
	Secret string
	// Name is the same whenever the same push is tried again, and Collapse for
	// all of a channel: a device shows the newest of these only.
	Name, Collapse string
	// Title and Body are for people, Data is for the app.
	Title, Body string
	Data        map[string]string
	// Payload is all of it as JSON, at most MaxPayload bytes.
	Payload []byte
	// TTL is how long the provider is to keep it for a device that is off.
	TTL time.Duration
}

// Answer is what became of a parcel.
type Answer struct {
	Outcome chat.PushOutcome
	// Status is that of the answer over HTTP, zero where there was none; Text is
	// what the answer says, or why there is none.
	Status int
	Text   string
	// RetryAfter is how long the provider wants to be left alone, zero where it
	// says nothing.
	RetryAfter time.Duration
}

// Sender hands parcels to providers. It may be used by any number of goroutines.
type Sender interface {
	// Send hands a parcel over and gives the answer: PushAccepted, PushDelayed,
	// PushExpired or PushRefused. It bounds by itself how long that takes, to
	// less than sendLease.
	Send(context.Context, Parcel) Answer
}

const (
	// MaxPayload is what a push can carry, in bytes, with all its providers.
	MaxPayload = 3000
	maxTitle   = 200
	maxText    = 1000
	// keepTrying is for how long a push is of use.
	keepTrying = 24 * time.Hour
	// maxAttempts is how often it is tried.
	maxAttempts = 15
	// firstWait is how long to wait after the first attempt; it doubles up to
	// maxWait.
	firstWait, maxWait = 2 * time.Second, time.Hour
	// sendLease is how long a node has for an attempt.
	sendLease = time.Minute
)

// take leases up to limit due pushes of a lane for this node.
func (p *Push) take(ctx context.Context, lane string, limit int) (list []store.Push, err error) {
	err = p.DB.Update(ctx, func(tx *store.Tx) error {
		list, err = tx.LeasePushes(lane, p.Node, tx.Now.Add(sendLease), limit)
		return err
	})
	return list, err
}

// Recover gives back what an earlier process of this node was sending.
func (p *Push) Recover(ctx context.Context) error {
	return p.DB.Update(ctx, func(tx *store.Tx) error { return tx.ReleasePushes(p.Node) })
}

// deliver tries a leased push once, and writes down what came of it.
func (p *Push) deliver(ctx context.Context, row store.Push) error {
	lasting := context.WithoutCancel(ctx)
	var what *Parcel
	var until time.Time
	err := p.DB.View(ctx, func(tx *store.Tx) (err error) {
		what, until, err = p.prepare(tx, row)
		return err
	})
	switch {
	case err != nil:
		return p.later(lasting, row, err)
	case !until.IsZero():
		return p.DB.Update(lasting, func(tx *store.Tx) error { return tx.RetryPush(row, until, row.Attempts-1) })
	case what == nil:
		return p.DB.Update(lasting, func(tx *store.Tx) error { return tx.EndPush(row) })
	}
	answer := p.send(ctx, *what)
	if answer.Outcome == chat.PushDelayed && ctx.Err() != nil { // interrupted, which is nobody's fault
		return p.DB.Update(lasting, func(tx *store.Tx) error { return tx.RetryPush(row, tx.Now, row.Attempts-1) })
	}
	return p.DB.Update(lasting, func(tx *store.Tx) error { return p.conclude(tx, row, what.Device, answer) })
}

// later puts a push off for a fault of ours, and passes the fault on.
func (p *Push) later(ctx context.Context, row store.Push, fault error) error {
	err := p.DB.Update(ctx, func(tx *store.Tx) error { return tx.RetryPush(row, tx.Now.Add(wait(row.Attempts)), row.Attempts) })
	return errors.Join(fault, err)
}

// send hands a parcel over, unless the application has no credentials for it.
func (p *Push) send(ctx context.Context, what Parcel) Answer {
	if what.Secret == "" {
		return Answer{Outcome: chat.PushRefused, Text: "The application has no credentials for devices of this kind."}
	}
	a := p.Sender.Send(ctx, what)
	a.Text = cut(a.Text, chat.MaxPushAnswer)
	return a
}

// prepare makes the parcel of a push: none where there is nothing to tell any
// more, because it was read, or deleted, or its device is gone. Where the user
// wants to be left alone it tells until when.
func (p *Push) prepare(tx *store.Tx, row store.Push) (*Parcel, time.Time, error) {
	none := time.Time{}
	d, err := tx.Device(row.Device)
	if errors.Is(err, store.ErrNotFound) || (err == nil && d.User != row.User) {
		return nil, none, nil
	}
	if err != nil {
		return nil, none, err
	}
	quiet, err := tx.QuietHours(row.User)
	if err != nil {
		return nil, none, err
	}
	if quiet != nil {
		if until := quiet.EndAfter(tx.Now); !until.IsZero() {
			return nil, until, nil
		}
	}
	list, err := notification(tx, row)
	if err != nil || len(list) == 0 || list[0].Muted || !list[0].ReadAt.IsZero() {
		return nil, none, err
	}
	// He may have muted the channel since.
	now, err := tx.Recipients(row.Application, row.Channel, 0, []chat.UserID{row.User})
	if err != nil || now[row.User].Muted {
		return nil, none, err
	}
	what, err := p.parcel(tx, d, &list[0])
	return what, none, err
}

// notification is what a push tells of, as long as it tells of anything.
func notification(tx *store.Tx, row store.Push) ([]chat.Notification, error) {
	list, err := tx.SentAmong(row.User, []chat.MessageID{chat.MessageID(row.Notification)})
	if err == nil && len(list) == 0 {
		list, err = tx.NoticesAmong(row.User, []chat.NotificationID{row.Notification})
	}
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return tx.CompleteNotifications(row.Application, row.User, list)
}

// parcel wraps up a notification for a device.
func (p *Push) parcel(tx *store.Tx, d chat.Device, n *chat.Notification) (*Parcel, error) {
	data := map[string]string{
		"id": strconv.FormatInt(int64(n.ID), 10), "type": string(n.Type), "userId": strconv.FormatInt(int64(d.User), 10),
		"createdTime": n.CreatedAt().UTC().Format(time.RFC3339Nano),
	}
	if n.Channel.Channel.ID != 0 {
		data["channelId"] = strconv.FormatInt(int64(n.Channel.Channel.ID), 10)
		data["messageId"] = strconv.FormatInt(int64(n.Message.ID), 10)
		data["channelName"] = cut(n.Channel.Channel.DisplayName, maxTitle)
	}
	what := &Parcel{
		Device: d, Title: cut(n.Title(), maxTitle), Body: cut(n.Body(), maxText), Data: data, TTL: keepTrying,
		Name:     fmt.Sprintf("push-%d-%d", d.ID, n.ID),
		Collapse: fmt.Sprintf("channel-%d", n.Channel.Channel.ID),
	}
	if err := p.prove(tx, what); err != nil {
		return nil, err
	}
	return what, what.pack()
}

// prove adds what proves the application to the device's provider.
func (p *Push) prove(tx *store.Tx, what *Parcel) error {
	c, err := tx.PushCredentialsFor(what.Device.Application, what.Device.Kind)
	if err != nil {
		return store.OrNothing(err)
	}
	secret, err := p.Secrets.Open(c.Secret, place(what.Device.Application, c.Kind))
	if err != nil {
		return fmt.Errorf("credentials for %s: %w", c.Kind, err)
	}
	what.Credentials, what.Secret = c.PushCredentials, string(secret)
	return nil
}

// pack makes the payload, with as much of the text as finds room: what JSON
// escapes takes several bytes.
func (w *Parcel) pack() (err error) {
	for {
		w.Payload, err = json.Marshal(struct {
			Token string            `json:"token,omitempty"`
			Title string            `json:"title"`
			Body  string            `json:"body"`
			Data  map[string]string `json:"data"`
		}{token(w.Device), w.Title, w.Body, w.Data})
		if err != nil {
			return fmt.Errorf("payload: %w", err)
		}
		if len(w.Payload) <= MaxPayload || w.Body == "" {
			return nil
		}
		w.Body = cut(w.Body, len(w.Body)/2)
	}
}

// token tells the application's own server which device is meant.
func token(d chat.Device) string {
	if d.Kind == chat.Webhook {
		return d.Address
	}
	return ""
}

// cut takes the first bytes of a text, and takes out of it what cannot be kept.
func cut(text string, limit int) string {
	if len(text) > limit {
		for limit > 0 && !utf8.RuneStart(text[limit]) {
			limit--
		}
		text = text[:limit]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
}

// conclude writes down what came of an attempt, and what follows from it.
func (p *Push) conclude(tx *store.Tx, row store.Push, d chat.Device, a Answer) error {
	wait := max(wait(row.Attempts), min(a.RetryAfter, maxWait))
	if a.Outcome == chat.PushDelayed && (row.Attempts >= maxAttempts || tx.Now.Add(wait).After(row.CreatedAt.Add(keepTrying))) {
		a.Outcome = chat.PushGivenUp
	}
	if err := tx.InsertAttempt(chat.PushAttempt{
		ID: p.IDs.Next(), Application: row.Application, User: row.User, Device: d.ID, Kind: d.Kind, Channel: row.Channel,
		Notification: row.Notification, First: row.First, Last: row.Last, Outcome: a.Outcome, Status: a.Status, Answer: a.Text,
	}); err != nil {
		return err
	}
	switch a.Outcome {
	case chat.PushDelayed:
		return tx.RetryPush(row, tx.Now.Add(wait), row.Attempts)
	case chat.PushExpired:
		return p.expire(tx, d)
	default:
		return tx.EndPush(row)
	}
}

// expire removes a device that its provider does not know any more, unless it
// has been registered anew since.
func (p *Push) expire(tx *store.Tx, d chat.Device) error {
	now, err := tx.Device(d.ID)
	if err != nil || now != d {
		return store.OrNothing(err)
	}
	_, err = tx.DeleteDevices(d.User, d.ID)
	return err
}

// wait is how long to wait after an attempt, which counts from one: between half
// and all of a time that doubles.
func wait(attempt int) time.Duration {
	wait := firstWait
	for ; attempt > 1 && wait < maxWait; attempt-- {
		wait *= 2
	}
	wait = min(wait, maxWait)
	return wait - rand.N(wait/2+1) //nolint:gosec // nobody gains by guessing it
}

// forgetBatch bounds how much one update of Forget removes.
const forgetBatch = 500

// Forget removes what providers have answered longer ago than it is kept.
func (p *Push) Forget(ctx context.Context) error {
	for {
		var n int64
		err := p.DB.Update(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.DeleteAttemptsBefore(tx.Now.Add(-p.KeepAnswers), forgetBatch)
			return err
		})
		if err != nil || n < forgetBatch {
			return err
		}
	}
}
