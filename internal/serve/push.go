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
}

// keepIdle is how long a connection to a provider is kept for the next push.
const keepIdle = time.Minute

func newCarriers(c config.Config) (*carriers, error) {
	networks, err := outbound.ParseNetworks(c.Outbound.AllowedNetworks)
	if err != nil {
		return nil, err
	}
	k := &carriers{guarded: outbound.NewGuard(networks...).Transport()}
	k.guarded.DisableKeepAlives, k.guarded.IdleConnTimeout, k.guarded.MaxIdleConns, k.guarded.MaxIdleConnsPerHost = false, keepIdle, push.MaxSending, push.MaxSendingInLane
	named := provider.NewClient(k.guarded)
	k.webPush = provider.WebPush{Client: named, Now: time.Now}
	k.webhook = provider.Webhook{Client: named, Now: time.Now}
	return k, nil
}

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
	case chat.FCM, chat.APNS:
		a = provider.Answer{Verdict: provider.Refused, Text: "There is no way to such devices yet."}
	}
	return push.Answer{Outcome: outcomes[a.Verdict], Status: a.Status, Text: a.Text, RetryAfter: a.RetryAfter}
}

// outcomes are the verdicts of providers in our words.
var outcomes = map[provider.Verdict]chat.PushOutcome{ //nolint:gochecknoglobals // a constant table
	provider.Accepted: chat.PushAccepted, provider.Later: chat.PushDelayed, provider.Gone: chat.PushExpired, provider.Refused: chat.PushRefused,
}

// close gives connections back.
func (k *carriers) close() { k.guarded.CloseIdleConnections() }

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
