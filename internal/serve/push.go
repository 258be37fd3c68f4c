package serve

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/purrchat/purr/internal/app/push"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/config"
	"github.com/purrchat/purr/internal/kit/outbound"
	"github.com/purrchat/purr/internal/kit/provider"
	"github.com/purrchat/purr/internal/realtime"
)

// pushSubject is how the operators of push services reach those of this server:
// by its address, where it has a public one.
func pushSubject(c config.Config) string {
	if strings.HasPrefix(c.PublicURL, "https://") {
		return c.PublicURL
	}
	return "mailto:nobody@example.org"
}

// carriers hand pushes to providers; see push.Sender.
type carriers struct {
	// guarded is for hosts that users and applications name.
	guarded *http.Transport
	webPush provider.WebPush
	webhook provider.Webhook
	// direct is for those that the operator names.
	direct *http.Transport
	fcm    provider.FCM
	apns   provider.APNS
}

// keepIdle is how long a connection to a provider is kept for the next push.
const keepIdle = time.Minute

func newCarriers(c config.Config) (*carriers, error) {
	networks, err := outbound.ParseNetworks(c.Outbound.AllowedNetworks)
	if err != nil {
		return nil, err
	}
	k := &carriers{guarded: outbound.NewGuard(networks...).Transport(), direct: &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
	}}
	for _, t := range []*http.Transport{k.guarded, k.direct} {
		t.DisableKeepAlives, t.IdleConnTimeout, t.MaxIdleConns, t.MaxIdleConnsPerHost = false, keepIdle, push.MaxSending, push.MaxSendingInLane
	}
	named, known := provider.NewClient(k.guarded), provider.NewClient(k.direct)
	k.webPush = provider.WebPush{Client: named, Now: time.Now}
	k.webhook = provider.Webhook{Client: named, Now: time.Now}
	k.fcm.Client, k.fcm.Now, k.fcm.URL, k.fcm.TokenURL = known, time.Now, slashless(c.Push.FCMURL), c.Push.FCMTokenURL
	k.apns.Client, k.apns.Now, k.apns.URL, k.apns.SandboxURL = known, time.Now, slashless(c.Push.APNSURL), slashless(c.Push.APNSSandboxURL)
	return k, nil
}

func slashless(url string) string { return strings.TrimSuffix(url, "/") }

// Send implements push.Sender.
func (k *carriers) Send(ctx context.Context, p push.Parcel) push.Answer {
	var a provider.Answer
	switch p.Device.Kind {
	case chat.WebPush:
		a = k.webPush.Send(ctx, provider.Subscription{
			Endpoint: p.Device.Address, P256dh: p.Device.P256dh, Auth: p.Device.Auth,
			PublicKey: p.Credentials.PublicKey, PrivateKey: p.Secret, Subject: p.Credentials.Subject,
		}, p.Collapse, p.Payload, p.TTL)
	case chat.Webhook:
		a = k.webhook.Send(ctx, provider.Hook{URL: p.Credentials.URL, Secret: p.Secret, ID: p.Name, Body: p.Payload})
	case chat.FCM:
		a = k.fcm.Send(ctx, provider.ServiceAccount{
			ProjectID: p.Credentials.ProjectID, ClientEmail: p.Credentials.ClientEmail, KeyID: p.Credentials.KeyID, PrivateKey: p.Secret,
		}, p.Device.Address, note(p))
	case chat.APNS:
		a = k.apns.Send(ctx, provider.AppleKey{KeyID: p.Credentials.KeyID, TeamID: p.Credentials.TeamID, PrivateKey: p.Secret},
			provider.AppleDevice{Token: p.Device.Address, Topic: p.Device.Topic, Sandbox: p.Device.Environment == chat.APNSSandbox}, note(p))
	}
	return push.Answer{Outcome: outcomes[a.Verdict], Status: a.Status, Text: a.Text, RetryAfter: a.RetryAfter}
}

func note(p push.Parcel) provider.Note {
	return provider.Note{ID: p.Name, Collapse: p.Collapse, Title: p.Title, Body: p.Body, Data: p.Data, TTL: p.TTL}
}

// outcomes are the verdicts of providers in our words.
var outcomes = map[provider.Verdict]chat.PushOutcome{ //nolint:gochecknoglobals // a constant table
	provider.Accepted: chat.PushAccepted, provider.Later: chat.PushDelayed, provider.Gone: chat.PushExpired, provider.Refused: chat.PushRefused,
}

// close gives connections back.
func (k *carriers) close() {
	k.guarded.CloseIdleConnections()
	k.direct.CloseIdleConnections()
}

// marks reads what sessions have acknowledged; see push.Marks.
type marks struct{}

// Settled implements push.Marks.
func (marks) Settled(text string, since, event chat.Position, user chat.UserID, channel chat.ChannelID) bool {
	return realtime.Settled(text, since, event,
		realtime.UserTopic(user, realtime.Messages), realtime.UserTopic(user, realtime.Notifications), realtime.ChannelTopic(channel, realtime.Messages))
}

// startPush starts what pushes.
func (n *Node) startPush(ctx context.Context) error {
	carriers, err := newCarriers(n.config)
	if err != nil {
		return err
	}
	n.push.Sender = carriers
	n.group.OnStop("push connections", func(context.Context) error { carriers.close(); return nil })
	if err := n.push.Recover(ctx); err != nil {
		return err
	}
	n.group.Go("push", func(ctx context.Context) error { n.pusher.Run(ctx); return nil })
	return nil
}
