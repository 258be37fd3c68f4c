package rtm

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/purrchat/purr/internal/app/push"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
	"github.com/purrchat/purr/internal/realtime"
)

// The links to what is here are ours: the published SDKs do not follow them, an
// app that wants to be pushed does.

func devicesOfUser(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	list, err := c.server.Push.Devices(ctx, c.actor, c.actor.User)
	page := chat.Page[chat.Device]{Items: list, Size: chat.MaxPageSize, Total: int64(len(list))}
	return appendPage(dst, r, parseSuffix(r.suffix), "devices", page, c.server.style.Device), err
}

func pushPreferences(ctx context.Context, c *connection, _ *request, dst []byte) ([]byte, error) {
	p, err := c.server.Push.Preferences(ctx, c.actor, c.actor.User)
	return c.server.style.PushPreferences(dst, c.actor.User, p), err
}

func webPushKey(ctx context.Context, c *connection, _ *request, dst []byte) ([]byte, error) {
	key, err := c.server.Push.WebPushKey(ctx, c.actor)
	return wire.WebPushKey(dst, key), err
}

// registerDevice takes what a browser's PushSubscription says of itself, besides
// what other kinds of device have.
func registerDevice(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body struct {
		Kind     chat.DeviceKind `json:"kind"`
		Token    string          `json:"token"`
		Endpoint string          `json:"endpoint"`
		Keys     struct {
			P256dh string `json:"p256dh"`
			Auth   string `json:"auth"`
		} `json:"keys"`
		Topic       string               `json:"topic"`
		Environment chat.APNSEnvironment `json:"environment"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	d := chat.Device{Kind: body.Kind, Address: body.Token, Topic: body.Topic, Environment: body.Environment}
	if d.Kind == chat.WebPush {
		d.Address, d.P256dh, d.Auth = body.Endpoint, body.Keys.P256dh, body.Keys.Auth
	}
	d, err := c.server.Push.Register(ctx, c.doer(r), c.actor.User, d)
	if err != nil {
		return nil, err
	}
	return &answer{realtime.Self, "user.device.registered", func(dst []byte) []byte { return c.server.style.Device(dst, &d) }}, nil
}

func deleteDevice(ctx context.Context, c *connection, r *request) (*answer, error) {
	return nil, c.server.Push.Remove(ctx, c.doer(r), c.actor.User, chat.DeviceID(r.id))
}

func updatePushPreferences(ctx context.Context, c *connection, r *request) (*answer, error) {
	var body struct {
		QuietHours json.RawMessage `json:"quietHours"`
		Channels   []struct {
			ChannelID chat.ChannelID      `json:"channelId"`
			Push      chat.PushPreference `json:"push"`
		} `json:"channels"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	patch := push.PreferencesPatch{SetQuiet: body.QuietHours != nil}
	if patch.SetQuiet && string(body.QuietHours) != "null" {
		var hours struct{ Start, End, TimeZone string }
		if json.Unmarshal(body.QuietHours, &hours) != nil {
			return nil, chat.Invalidf("quietHours", "must be an object")
		}
		patch.Quiet = &chat.QuietHours{Start: chat.ParseClock(hours.Start), End: chat.ParseClock(hours.End), TimeZone: hours.TimeZone}
	}
	for i, x := range body.Channels {
		if x.ChannelID <= 0 {
			return nil, chat.Invalidf("channels["+strconv.Itoa(i)+"].channelId", "must be the identifier of a channel")
		}
		patch.Channels = append(patch.Channels, chat.ChannelPreference{Channel: x.ChannelID, Push: x.Push})
	}
	p, err := c.server.Push.SetPreferences(ctx, c.doer(r), c.actor.User, patch)
	if err != nil {
		return nil, err
	}
	return &answer{realtime.Self, "user.push_preferences.updated", func(dst []byte) []byte {
		return c.server.style.PushPreferences(dst, c.actor.User, p)
	}}, nil
}
