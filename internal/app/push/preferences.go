package push

import (
	"context"
	"strconv"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// maxPreferences bounds the channels that one change may name.
const maxPreferences = 1000

// PreferencesPatch changes what a user has decided.
type PreferencesPatch struct {
	// SetQuiet tells that Quiet is meant: nil for no quiet hours.
	SetQuiet bool
	Quiet    *chat.QuietHours
	// Channels are those that change.
	Channels []chat.ChannelPreference
}

// Preferences are what a user has decided about his devices.
func (p *Push) Preferences(ctx context.Context, actor chat.Actor, user chat.UserID) (found chat.PushPreferences, err error) {
	err = p.read(ctx, actor, user, func(tx *store.Tx) error {
		found, err = preferences(tx, user)
		return err
	})
	return found, err
}

func preferences(tx *store.Tx, user chat.UserID) (p chat.PushPreferences, err error) {
	if p.Quiet, err = tx.QuietHours(user); err != nil {
		return p, err
	}
	p.Channels, err = tx.ChannelPreferences(user)
	return p, err
}

// SetPreferences changes them, and tells what they are then.
func (p *Push) SetPreferences(ctx context.Context, actor chat.Actor, user chat.UserID, patch PreferencesPatch) (found chat.PushPreferences, err error) {
	if err := patch.check(); err != nil {
		return found, err
	}
	err = p.change(ctx, actor, user, func(tx *store.Tx) error {
		if patch.SetQuiet {
			if err := tx.SetQuietHours(user, patch.Quiet); err != nil {
				return err
			}
		}
		if err := setChannels(tx, actor, user, patch.Channels); err != nil {
			return err
		}
		found, err = preferences(tx, user)
		return err
	})
	return found, err
}

func (p PreferencesPatch) check() error {
	if p.Quiet != nil {
		if err := chat.CheckQuietHours(*p.Quiet); err != nil {
			return err
		}
	}
	if len(p.Channels) > maxPreferences {
		return chat.Invalidf("channels", "must not be more than %d", maxPreferences)
	}
	for i, c := range p.Channels {
		if err := chat.CheckPushPreference("channels["+strconv.Itoa(i)+"].push", c.Push); err != nil {
			return err
		}
	}
	return nil
}

// setChannels notes preferences for channels that the user is a member of; no
// others push to him but by mentions, which he cannot see coming.
func setChannels(tx *store.Tx, actor chat.Actor, user chat.UserID, list []chat.ChannelPreference) error {
	if len(list) == 0 {
		return nil
	}
	ids := make([]chat.ChannelID, len(list))
	for i, c := range list {
		ids[i] = c.Channel
	}
	there, err := tx.ChannelsByID(actor.Application, ids)
	if err != nil {
		return err
	}
	member, err := tx.MemberOf(user, ids)
	if err != nil {
		return err
	}
	known := map[chat.ChannelID]bool{}
	for _, c := range there {
		known[c.ID] = member[c.ID]
	}
	for _, c := range list {
		if !known[c.Channel] {
			return chat.ErrUnknownChannel
		}
		if err := tx.SetChannelPreference(user, c); err != nil {
			return err
		}
	}
	return nil
}
