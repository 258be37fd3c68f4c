package rest

import (
	"encoding/json"
	"strconv"

	"github.com/purrchat/purr/internal/app/push"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
)

func (d *door) listDevices(c *call) ([]byte, error) {
	user, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	list, err := d.Push.Devices(c.Context(), c.actor, user)
	if err != nil {
		return nil, err
	}
	path := "/users/" + strconv.FormatInt(int64(user), 10) + "/devices"
	return wire.Page(nil, c.style, wire.List{Name: "devices", Path: path}, whole(list), c.style.Device), nil
}

// whole is the only page of a list that is short by nature.
func whole[T any](list []T) chat.Page[T] {
	return chat.Page[T]{Items: list, Size: chat.MaxPageSize, Total: int64(len(list))}
}

func (d *door) registerDevice(c *call) ([]byte, error) {
	user, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	device := chat.Device{
		Kind: chat.DeviceKind(o.text("kind")), Address: o.text("token"),
		Topic: o.text("topic"), Environment: chat.APNSEnvironment(o.text("environment")),
	}
	if device.Kind == chat.WebPush {
		device.Address = o.text("endpoint")
		if keys := o.object("keys"); keys != nil {
			device.P256dh, device.Auth = keys.text("p256dh"), keys.text("auth")
			o.join(keys)
		}
	}
	if o.err != nil {
		return nil, o.err
	}
	if device, err = d.Push.Register(c.Context(), c.actor, user, device); err != nil {
		return nil, err
	}
	return c.style.Device(nil, &device), nil
}

// removeDevice answers with the user, as what removes something from one does.
func (d *door) removeDevice(c *call) ([]byte, error) {
	user, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	id, err := c.id("device", chat.ErrUnknownDevice)
	if err != nil {
		return nil, err
	}
	if err := d.Push.Remove(c.Context(), c.actor, user, chat.DeviceID(id)); err != nil {
		return nil, err
	}
	return d.retrieveUser(c)
}

func (d *door) retrievePushPreferences(c *call) ([]byte, error) {
	user, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	p, err := d.Push.Preferences(c.Context(), c.actor, user)
	if err != nil {
		return nil, err
	}
	return c.style.PushPreferences(nil, user, p), nil
}

// updatePushPreferences changes what is named; null ends the quiet hours.
func (d *door) updatePushPreferences(c *call) ([]byte, error) {
	user, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	patch := o.pushPreferences()
	if o.err != nil {
		return nil, o.err
	}
	p, err := d.Push.SetPreferences(c.Context(), c.actor, user, patch)
	if err != nil {
		return nil, err
	}
	return c.style.PushPreferences(nil, user, p), nil
}

func (o *object) pushPreferences() (p push.PreferencesPatch) {
	if _, p.SetQuiet = o.find("quietHours"); o.raw("quietHours") != nil {
		hours := o.object("quietHours")
		p.Quiet = &chat.QuietHours{
			Start: chat.ParseClock(hours.text("start")), End: chat.ParseClock(hours.text("end")), TimeZone: hours.text("timeZone"),
		}
		o.join(hours)
	}
	list := o.raw("channels")
	if list == nil {
		return p
	}
	var items []json.RawMessage
	if json.Unmarshal(list, &items) != nil {
		o.fail("channels", "must be a list")
	}
	for i, item := range items {
		child := o.parseChild("channels["+strconv.Itoa(i)+"]", item)
		var id int64
		if json.Unmarshal(child.raw("channelId"), &id) != nil || id <= 0 {
			child.fail("channelId", "must be the identifier of a channel")
		}
		p.Channels = append(p.Channels, chat.ChannelPreference{Channel: chat.ChannelID(id), Push: chat.PushPreference(child.text("push"))})
		o.join(child)
	}
	return p
}

func (d *door) listPushCredentials(c *call) ([]byte, error) {
	list, err := d.Push.Credentials(c.Context(), c.actor)
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, wire.List{Name: "credentials", Path: "/application/push-credentials"}, whole(list), c.style.PushCredentials), nil
}

func (d *door) setPushCredentials(c *call) ([]byte, error) {
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	in := push.CredentialsInput{
		Kind: chat.DeviceKind(c.PathValue("name")), Subject: o.text("subject"), PrivateKey: o.text("privateKey"),
		ServiceAccount: o.raw("serviceAccount"), KeyID: o.text("keyId"), TeamID: o.text("teamId"), URL: o.text("url"), Secret: o.text("secret"),
	}
	if o.err != nil {
		return nil, o.err
	}
	set, err := d.Push.SetCredentials(c.Context(), c.actor, in)
	if err != nil {
		return nil, err
	}
	return c.style.PushCredentials(nil, &set), nil
}

func (d *door) removePushCredentials(c *call) ([]byte, error) {
	if err := d.Push.RemoveCredentials(c.Context(), c.actor, chat.DeviceKind(c.PathValue("name"))); err != nil {
		return nil, err
	}
	return d.retrieveApplication(c)
}

func (d *door) explainDelivery(c *call) ([]byte, error) {
	message, err := c.messageID()
	if err != nil {
		return nil, err
	}
	user, err := c.userID("user")
	if err != nil {
		return nil, err
	}
	e, err := d.Push.Explain(c.Context(), c.actor, message, user)
	if err != nil {
		return nil, err
	}
	return c.style.Delivery(nil, &e), nil
}

// testNotification answers with what each provider said.
func (d *door) testNotification(c *call) ([]byte, error) {
	user, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	trials, err := d.Push.Test(c.Context(), c.actor, user)
	if err != nil {
		return nil, err
	}
	path := "/users/" + strconv.FormatInt(int64(user), 10) + "/test-notification"
	return wire.Page(nil, c.style, wire.List{Name: "devices", Path: path}, whole(trials), func(dst []byte, t *push.Trial) []byte {
		return c.style.Trial(dst, &t.Device, &t.Attempt)
	}), nil
}
