package accounts

import (
	"context"
	"errors"
	"slices"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Attend notes in which channels sessions of this node have chat sessions. Each
// is said whole, so that saying it again, or saying the newest after some was
// lost, makes it right. A session that another node has is left to that one, and
// one that has ended has none.
func (a *Accounts) Attend(ctx context.Context, list []chat.Attendance) error {
	return a.DB.Update(ctx, func(tx *store.Tx) error {
		for _, now := range list {
			node, err := tx.HolderOf(now.Session)
			if errors.Is(err, store.ErrNotFound) || (err == nil && node != a.Node) {
				continue
			}
			if err != nil {
				return err
			}
			if err := a.attend(tx, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *Accounts) attend(tx *store.Tx, now chat.Attendance) error {
	before, err := tx.ChatsOf(now.Session)
	if err != nil {
		return err
	}
	for _, c := range before {
		if !slices.Contains(now.Channels, c) {
			if err := endChat(tx, now, c); err != nil {
				return err
			}
		}
	}
	for _, c := range now.Channels {
		if slices.Contains(before, c) {
			continue
		}
		first, err := tx.StartChat(now, a.IDs.Next(), c)
		if err != nil {
			return err
		}
		if first {
			if err := recordChat(tx, chat.ChatStarted, now, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// endChats ends all chat sessions of a session that is ending.
func endChats(tx *store.Tx, s chat.Session) error {
	open, err := tx.ChatsOf(s.ID)
	for _, c := range open {
		err = errors.Join(err, endChat(tx, chat.Attendance{Session: s.ID, Application: s.Application, User: s.User}, c))
	}
	return err
}

func endChat(tx *store.Tx, of chat.Attendance, channel chat.ChannelID) error {
	last, err := tx.EndChat(of, channel)
	if err != nil || !last {
		return err
	}
	return recordChat(tx, chat.ChatEnded, of, channel)
}

func recordChat(tx *store.Tx, kind chat.EventKind, of chat.Attendance, channel chat.ChannelID) error {
	_, err := tx.Record(chat.Event{
		Application: of.Application, Kind: kind, Actor: of.User, Target: of.User, Subject: int64(channel), Session: of.Session,
	})
	return err
}

// endAbandonedChats ends the chat sessions whose sessions have been without a
// socket for longer than the grace. Their own node does so by Attend; this is for
// those whose process has died.
func (a *Accounts) endAbandonedChats(ctx context.Context, gone departure) error {
	var any bool
	err := a.DB.View(ctx, func(tx *store.Tx) error {
		list, err := tx.AbandonedChats(gone.user)
		any = len(list) > 0
		return err
	})
	if err != nil || !any {
		return err
	}
	return a.DB.Update(ctx, func(tx *store.Tx) error {
		list, err := tx.AbandonedChats(gone.user)
		if err != nil {
			return err
		}
		for _, of := range list {
			of.Application = gone.application
			if err := endChat(tx, of, of.Channels[0]); err != nil {
				return err
			}
		}
		return nil
	})
}
