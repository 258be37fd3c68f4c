package messages

import (
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// History is a message that was said elsewhere before, checked as far as that
// can be done without looking anything up.
type History struct {
	message chat.Message
	// author is the name of who said it, empty for a system message.
	author string
}

// CheckHistory checks a message that an importer brings in: a text, in a
// channel, by somebody named by his name or by nobody.
func CheckHistory(actor chat.Actor, in SendInput) (History, error) {
	if err := chat.CheckOptionalText("user", in.User.Name, chat.MaxUsername); err != nil {
		return History{}, err
	}
	m, err := in.message(actor)
	m.CreatedAt = in.CreatedAt
	return History{message: m, author: in.User.Name}, err
}

// Import writes history in the order given, as part of an update, and gives an
// error for each message that was refused, nil for all others. Nobody is told,
// and no message is news: members who had read everything have read it too.
//
// The message goes behind all that is in its channel, since the order of a
// channel is that in which it was written down; what CreatedAt says is shown
// and orders nothing.
func (ms *Messages) Import(tx *store.Tx, actor chat.Actor, list []History) ([]error, error) {
	refused := make([]error, len(list))
	var names []string
	var channels []chat.ChannelID
	seenNames, seenChannels := map[string]bool{}, map[chat.ChannelID]bool{}
	for _, h := range list {
		if h.author != "" && !seenNames[h.author] {
			seenNames[h.author] = true
			names = append(names, h.author)
		}
		if id := h.message.Channel; !seenChannels[id] {
			seenChannels[id] = true
			channels = append(channels, id)
		}
	}
	users, err := tx.UsersByName(actor.Application, names)
	if err != nil {
		return nil, err
	}
	living, err := tx.LivingChannels(actor.Application, channels)
	if err != nil {
		return nil, err
	}
	written := make([]chat.Message, 0, len(list))
	for i, h := range list {
		m := h.message
		if !living[m.Channel] {
			refused[i] = at(chat.ErrUnknownChannel, "channelId")
			continue
		}
		if h.author != "" {
			u, ok := users[h.author]
			if !ok {
				refused[i] = at(chat.ErrUnknownUser, "user")
				continue
			}
			m.User = &u
		}
		if m.CreatedAt, refused[i] = chat.CreationTime(actor, m.CreatedAt, tx.Now); refused[i] != nil {
			continue
		}
		if m.Mentions, err = mentions(tx, m); err != nil {
			return nil, err
		}
		m.ID, m.Type = chat.MessageID(ms.IDs.Next()), messageType(m, m.User)
		written = append(written, m)
	}
	return refused, tx.ImportMessages(actor.Application, written)
}

// at is a refusal that names the member of the input at fault.
func at(refusal *chat.Error, field string) error {
	named := *refusal
	named.Field = field
	return &named
}
