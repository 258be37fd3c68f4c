package provider

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"
)

// WebPush sends to browsers by their push services (RFC 8030), encrypted for the
// browser (RFC 8291) and in the name of an application (RFC 8292).
type WebPush struct {
	Client *http.Client
	Now    func() time.Time
}

// Subscription is a browser that wants to be pushed, and in whose name.
type Subscription struct {
	Endpoint string
	// P256dh and Auth are the browser's keys, in base64url.
	P256dh, Auth string
	// PublicKey and PrivateKey are the application's, in base64url, and Subject
	// is a mailto: or https: address of whoever answers for it.
	PublicKey, PrivateKey, Subject string
}

// topicSize is how long a topic may be (RFC 8030 section 5.4).
const topicSize = 32

// Send pushes a text of at most 3993 bytes. The push service keeps one of each
// topic for a browser that is away, and that for a time.
func (w *WebPush) Send(ctx context.Context, s Subscription, topic string, text []byte, ttl time.Duration) Answer {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	sum := sha256.Sum256([]byte(topic))
	response, err := webpush.SendNotificationWithContext(ctx, text, &webpush.Subscription{
		Endpoint: s.Endpoint, Keys: webpush.Keys{P256dh: s.P256dh, Auth: s.Auth},
	}, &webpush.Options{
		// The library adds mailto: itself.
		HTTPClient: w.Client, Subscriber: strings.TrimPrefix(s.Subject, "mailto:"), Topic: base64.RawURLEncoding.EncodeToString(sum[:])[:topicSize],
		TTL: int(ttl / time.Second), Urgency: webpush.UrgencyHigh, VAPIDPublicKey: s.PublicKey, VAPIDPrivateKey: s.PrivateKey,
	})
	if err != nil {
		return failed(err)
	}
	defer response.Body.Close()
	return read(response, w.Now())
}
