package timeline

import (
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// leaveOut marks what a user is not shown: of messages that he has deleted or
// cleared for himself, and of users whom he blocks. Channels show him the newest
// message that he is shown. It takes a bounded number of queries.
func leaveOut(tx *store.Tx, user chat.UserID, events []chat.Event) error {
	var ids []chat.MessageID
	for i := range events {
		if ofMessage(&events[i]) {
			ids = append(ids, events[i].Message.ID)
		}
	}
	hidden, err := tx.NotShown(user, ids)
	if err != nil {
		return err
	}
	list, err := tx.BlockedUsers(user)
	if err != nil {
		return err
	}
	blocked := make(map[chat.UserID]bool, len(list))
	for _, id := range list {
		blocked[id] = true
	}
	for i := range events {
		e := &events[i]
		e.LeftOut = (ofMessage(e) && hidden[e.Message.ID]) || (isReceipt(*e) && blocked[e.Target])
	}
	return showChannels(tx, user, events)
}

// ofMessage tells the events about a message that a channel is told of.
func ofMessage(e *chat.Event) bool {
	switch e.Kind {
	case chat.MessageCreated, chat.MessageUpdated, chat.MessageDeleted, chat.ReactionCreated, chat.ReactionRemoved:
		return e.Message != nil
	default:
		return false
	}
}

// showChannels makes the channels that events are about what a user sees of
// them.
func showChannels(tx *store.Tx, user chat.UserID, events []chat.Event) error {
	var states []*chat.Channel
	var channels []chat.Channel
	at := map[*chat.Channel]int{}
	for _, e := range events {
		if c := e.ChannelState; c != nil {
			if _, known := at[c]; !known {
				at[c] = len(channels)
				states, channels = append(states, c), append(channels, *c)
			}
		}
	}
	if err := tx.HideFrom(user, channels); err != nil {
		return err
	}
	for i, c := range states {
		*c = channels[i]
	}
	return nil
}

// showOwners makes the channels of events that concern one member alone what he
// sees of them. Such events are few: each takes queries of its own.
func showOwners(tx *store.Tx, events []chat.Event) error {
	for i := range events {
		e := &events[i]
		if !e.Kind.OwnChannel() || e.ChannelState == nil {
			continue
		}
		own := []chat.Channel{*e.ChannelState}
		if err := tx.HideFrom(e.Target, own); err != nil {
			return err
		}
		e.ChannelState = &own[0]
	}
	return nil
}
