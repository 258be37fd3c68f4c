package push

import (
	"context"
	"strconv"
	"sync"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Trial is what came of a test at one device.
type Trial struct {
	Device  chat.Device
	Attempt chat.PushAttempt
}

// What a test says.
const testTitle, testBody = "Test", "This is a test notification."

// Test pushes a notification to all devices of a user at once, past quiet hours
// and the outbox, and gives what each provider answered.
func (p *Push) Test(ctx context.Context, actor chat.Actor, user chat.UserID) ([]Trial, error) {
	if err := chat.CheckUserRight(chat.OpPush, actor, user); err != nil {
		return nil, err
	}
	var parcels []*Parcel
	err := p.read(ctx, actor, user, func(tx *store.Tx) error {
		devices, err := tx.Devices(user)
		if err != nil {
			return err
		}
		for _, d := range devices {
			what, err := p.trial(tx, d)
			if err != nil {
				return err
			}
			parcels = append(parcels, what)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	trials := make([]Trial, len(parcels))
	var all sync.WaitGroup
	for i, what := range parcels {
		all.Go(func() {
			a := p.send(ctx, *what)
			trials[i] = Trial{Device: what.Device, Attempt: chat.PushAttempt{
				ID: p.IDs.Next(), Application: actor.Application, User: user, Device: what.Device.ID, Kind: what.Device.Kind,
				Outcome: a.Outcome, Status: a.Status, Answer: a.Text,
			}}
		})
	}
	all.Wait()
	err = p.DB.Update(ctx, func(tx *store.Tx) error {
		for i := range trials {
			trials[i].Attempt.CreatedAt = tx.Now
			if err := tx.InsertAttempt(trials[i].Attempt); err != nil {
				return err
			}
			if trials[i].Attempt.Outcome != chat.PushExpired {
				continue
			}
			if err := p.expire(tx, trials[i].Device); err != nil {
				return err
			}
		}
		return nil
	})
	return trials, err
}

// trial wraps up a test for a device.
func (p *Push) trial(tx *store.Tx, d chat.Device) (*Parcel, error) {
	what := &Parcel{
		Device: d, Title: testTitle, Body: testBody, Data: map[string]string{"type": "TEST"},
		Name: "test-" + strconv.FormatInt(p.IDs.Next(), 10), Collapse: "test",
	}
	if err := p.prove(tx, what); err != nil {
		return nil, err
	}
	return what, what.pack()
}
