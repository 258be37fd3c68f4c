package messages

import (
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// mentions finds the users and channels that a message names. Unknown names
// stay plain text, and so do private channels that the author is not in: that
// they exist is no business of his.
func mentions(tx *store.Tx, m chat.Message) (found []chat.Mention, err error) {
	tags := chat.FindTags(m.Body)
	if len(tags) == 0 {
		return nil, nil
	}
	var userNames, channelNames []string
	for _, t := range tags {
		if t.Channel {
			channelNames = append(channelNames, t.Name)
		} else {
			userNames = append(userNames, t.Name)
		}
	}
	users, err := tx.UsersByName(m.Application, userNames)
	if err != nil {
		return nil, err
	}
	named, err := visibleChannels(tx, m, channelNames)
	if err != nil {
		return nil, err
	}
	for _, t := range tags {
		if t.Channel {
			if c, ok := named[t.Name]; ok {
				found = append(found, chat.Mention{Span: t.Span, Channel: &c})
			}
		} else if u, ok := users[t.Name]; ok {
			found = append(found, chat.Mention{Span: t.Span, User: &u})
		}
	}
	return found, nil
}

// visibleChannels finds those of the named channels that the author of a
// message may see.
func visibleChannels(tx *store.Tx, m chat.Message, names []string) (map[string]chat.Channel, error) {
	named, err := tx.ChannelsByName(m.Application, names)
	if err != nil || len(named) == 0 || m.User == nil {
		return named, err
	}
	var ids []chat.ChannelID
	for _, c := range named {
		ids = append(ids, c.ID)
	}
	member, err := tx.MemberOf(m.User.ID, ids)
	for name, c := range named {
		role := chat.RoleStranger
		if member[c.ID] {
			role = chat.RoleMember
		}
		if chat.CheckRight(chat.OpSee, c.Type, role) != nil {
			delete(named, name)
		}
	}
	return named, err
}
