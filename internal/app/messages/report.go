package messages

import (
	"context"
	"encoding/json"

	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Report keeps a user's complaint about a message for those who moderate.
func (ms *Messages) Report(ctx context.Context, actor chat.Actor, id chat.MessageID, reason string, properties json.RawMessage) (r chat.MessageReport, err error) {
	if err := chat.CheckText("reason", reason, chat.MaxReason); err != nil {
		return r, err
	}
	own, err := chat.ParseProperties(properties)
	if err != nil {
		return r, err
	}
	next := chat.ReportID(ms.IDs.Next())
	err = ms.DB.Update(ctx, func(tx *store.Tx) error {
		m, _, _, err := allowed(tx, actor, id, chat.OpReport)
		if err != nil {
			return err
		}
		u, err := tx.User(actor.Application, actor.User)
		if err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		r = chat.MessageReport{
			ID: next, Application: m.Application, Channel: m.Channel, Message: m.ID,
			User: &u, Reason: reason, Properties: own, CreatedAt: tx.Now,
		}
		if err := tx.InsertReport(r); err != nil {
			return err
		}
		told := r
		e := private(actor, chat.MessageReported, int64(r.ID))
		e.Report = &told
		_, err = tx.Record(e)
		return err
	})
	return r, err
}

// ListReports lists the reports of a message, newest first, for the application
// and for whoever moderates the channel.
func (ms *Messages) ListReports(ctx context.Context, actor chat.Actor, id chat.MessageID, r chat.PageRequest) (p chat.Page[chat.MessageReport], err error) {
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, _, err := allowed(tx, actor, id, chat.OpReadReports); err != nil {
			return err
		}
		p, err = tx.Reports(id, r)
		return err
	})
	return p, err
}

// ListReported lists the messages of a channel that have been reported, newest
// first, for those who may see the reports.
func (ms *Messages) ListReported(ctx context.Context, actor chat.Actor, channel chat.ChannelID, r chat.PageRequest) (p chat.Page[chat.Message], err error) {
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, err := channels.Allowed(tx, actor, channel, chat.OpReadReports); err != nil {
			return err
		}
		p, err = tx.ReportedMessages(actor.Application, channel, r)
		return err
	})
	return p, err
}
