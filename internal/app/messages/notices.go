package messages

import (
	"slices"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// notice writes what a new message causes besides telling the members of its
// channel: a reply tells the parent's author, mentions tell users and the
// members of channels. The mentions come last. What the application says by
// itself replies to nobody and mentions nobody (seed notifications.txt).
func (ms *Messages) notice(tx *store.Tx, m chat.Message, post store.Post) error {
	if m.User == nil || (m.Parent == 0 && len(m.Mentions) == 0) {
		return nil
	}
	of := chat.Notice{Application: m.Application, Message: m.ID, Channel: m.Channel}
	var personal, named []chat.Notice
	if m.Parent != 0 {
		n := of
		n.Type, n.User, n.Parent = chat.UserRepliedToMessage, post.ParentAuthor, m.Parent
		personal = append(personal, n)
	}
	for _, mention := range m.Mentions {
		n := of
		if mention.User != nil {
			n.Type, n.User = chat.UserMentionedUser, mention.User.ID
			if !slices.Contains(personal, n) {
				personal = append(personal, n)
			}
			continue
		}
		n.Type, n.Mentioned = chat.UserMentionedChannel, mention.Channel.ID
		if !slices.Contains(named, n) {
			named = append(named, n)
		}
	}
	personal, err := addressed(tx, m, post.Channel, personal)
	if err != nil {
		return err
	}
	for _, n := range append(personal, named...) {
		if err := ms.recordNotice(tx, m, n); err != nil {
			return err
		}
	}
	return nil
}

// addressed keeps the notices for users who get them: not the author, nobody
// who blocks him, nobody who may not see the channel or is chatting in it.
func addressed(tx *store.Tx, m chat.Message, in chat.Channel, notices []chat.Notice) ([]chat.Notice, error) {
	if len(notices) == 0 {
		return nil, nil
	}
	users := make([]chat.UserID, len(notices))
	for i, n := range notices {
		users[i] = n.User
	}
	recipients, err := tx.Recipients(m.Application, m.Channel, m.User.ID, users)
	if err != nil {
		return nil, err
	}
	kept := notices[:0]
	for _, n := range notices {
		r, there := recipients[n.User]
		role := chat.RoleStranger
		if r.Member {
			role = chat.RoleMember
		}
		if !there || n.User == m.User.ID || r.Chatting || chat.CheckRight(chat.OpSee, in.Type, role) != nil {
			continue
		}
		n.Member, n.Muted = r.Member, r.Muted
		kept = append(kept, n)
	}
	return kept, nil
}

func (ms *Messages) recordNotice(tx *store.Tx, m chat.Message, n chat.Notice) error {
	n.ID, n.Position = chat.NotificationID(ms.IDs.Next()), tx.Position()+1
	e := chat.Event{
		Application: m.Application, Kind: chat.UserNotified, Actor: m.User.ID, Target: n.User, Subject: int64(n.ID), Notice: &n,
	}
	if n.User == 0 {
		e.Kind, e.Channel = chat.ChannelMentioned, n.Mentioned
	}
	if _, err := tx.Record(e); err != nil {
		return err
	}
	return tx.InsertNotice(n)
}
