package wire

import (
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

// Device appends a device. Its keys stay between the browser and the server.
func (s Style) Device(dst []byte, d *chat.Device) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, int64(d.ID), 10)
	dst = append(dst, `,"kind":`...)
	dst = AppendString(dst, string(d.Kind))
	address := `,"token":`
	if d.Kind == chat.WebPush {
		address = `,"endpoint":`
	}
	dst = append(dst, address...)
	dst = AppendString(dst, d.Address)
	if d.Kind == chat.APNS {
		dst = append(dst, `,"topic":`...)
		dst = AppendString(dst, d.Topic)
		dst = append(dst, `,"environment":`...)
		dst = AppendString(dst, string(d.Environment))
	}
	dst = s.name(dst, createdTime)
	dst = AppendTime(dst, d.CreatedAt)
	dst = s.name(dst, registeredTime)
	dst = AppendTime(dst, d.RegisteredAt)
	switch s.Links {
	case HAL:
		user := "/users/" + strconv.FormatInt(int64(d.User), 10)
		dst = s.halLinks(dst, []hal{{"self", user + "/devices/{id}"}, {"user", user}}, int64(d.ID))
	case Client:
		dst = deviceClient.append(dst, int64(d.ID))
	case NoLinks:
	}
	return append(dst, '}')
}

var deviceClient = pieces(`,"_actions":{"delete":"/application/v1/devices/{id}.delete"}`)

// PushPreferences appends what a user has decided about his devices.
func (s Style) PushPreferences(dst []byte, user chat.UserID, p chat.PushPreferences) []byte {
	dst = append(dst, `{"channels":[`...)
	for i, c := range p.Channels {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"push":`...)
		dst = AppendString(dst, string(c.Push))
		dst = s.name(dst, channelID)
		dst = append(strconv.AppendInt(dst, int64(c.Channel), 10), '}')
	}
	dst = append(dst, ']')
	if q := p.Quiet; q != nil {
		dst = s.name(dst, quietHours)
		dst = append(dst, `{"start":`...)
		dst = AppendString(dst, chat.Clock(q.Start))
		dst = append(dst, `,"end":`...)
		dst = AppendString(dst, chat.Clock(q.End))
		dst = s.name(dst, timeZone)
		dst = append(AppendString(dst, q.TimeZone), '}')
	}
	if s.Links == HAL {
		dst = s.halLinks(dst, []hal{{"self", "/users/{id}/push-preferences"}, {"user", "/users/{id}"}}, int64(user))
	}
	return append(dst, '}')
}

// PushCredentials appends what may be shown of credentials.
func (s Style) PushCredentials(dst []byte, c *chat.PushCredentials) []byte {
	dst = append(dst, `{"kind":`...)
	dst = AppendString(dst, string(c.Kind))
	for _, x := range []struct {
		name  member
		value string
	}{
		{publicKey, c.PublicKey}, {named("subject", "subject"), c.Subject}, {projectID, c.ProjectID}, {clientEmail, c.ClientEmail},
		{keyID, c.KeyID}, {teamID, c.TeamID}, {named("url", "url"), c.URL},
	} {
		if x.value != "" {
			dst = s.name(dst, x.name)
			dst = AppendString(dst, x.value)
		}
	}
	dst = s.name(dst, createdTime)
	dst = AppendTime(dst, c.CreatedAt)
	dst = s.halLinks(dst, []hal{{"self", "/application/push-credentials/" + string(c.Kind)}}, 0)
	return append(dst, '}')
}

// WebPushKey appends the key that browsers subscribe with.
func WebPushKey(dst []byte, key string) []byte {
	return append(AppendString(append(dst, `{"publicKey":`...), key), '}')
}

// PushAttempt appends an attempt to push.
func (s Style) PushAttempt(dst []byte, a *chat.PushAttempt) []byte {
	dst = append(dst, `{"outcome":`...)
	dst = AppendString(dst, string(a.Outcome))
	dst = append(dst, `,"status":`...)
	dst = strconv.AppendInt(dst, int64(a.Status), 10)
	dst = append(dst, `,"answer":`...)
	dst = AppendString(dst, a.Answer)
	dst = s.name(dst, createdTime)
	return append(AppendTime(dst, a.CreatedAt), '}')
}

// Trial appends what came of a test at a device.
func (s Style) Trial(dst []byte, d *chat.Device, a *chat.PushAttempt) []byte {
	dst = append(dst, `{"device":`...)
	dst = s.inner().Device(dst, d)
	dst = append(dst, `,"attempt":`...)
	return append(s.PushAttempt(dst, a), '}')
}
