package chat

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"time"
)

// DeviceID names a device.
type DeviceID int64

// DeviceKind says by whom a device is reached.
type DeviceKind string

// The kinds of device.
const (
	// WebPush is a browser's subscription (RFC 8030).
	WebPush DeviceKind = "WEB_PUSH"
	// FCM is an app that Firebase Cloud Messaging reaches.
	FCM DeviceKind = "FCM"
	// APNS is an app that the Apple Push Notification service reaches.
	APNS DeviceKind = "APNS"
	// Webhook is whatever the application's own server reaches, which is told
	// by its webhook.
	Webhook DeviceKind = "WEBHOOK"
)

// DeviceKinds are all there are.
func DeviceKinds() []DeviceKind { return []DeviceKind{WebPush, FCM, APNS, Webhook} }

// APNSEnvironment is which of Apple's services knows a token.
type APNSEnvironment string

// The environments.
const (
	APNSProduction APNSEnvironment = "PRODUCTION"
	APNSSandbox    APNSEnvironment = "SANDBOX"
)

// Limits of devices.
const (
	// MaxDevices is how many devices a user has; one more takes the place of
	// the one that was registered longest ago.
	MaxDevices = 20
	// MaxDeviceAddress bounds an endpoint or token, in bytes.
	MaxDeviceAddress = 2048
)

// Device is where a user is reached who is not there.
type Device struct {
	ID          DeviceID
	Application ApplicationID
	User        UserID
	Kind        DeviceKind
	// Address is the endpoint of a WebPush device and the token of another. It
	// tells the devices of a kind apart within an application.
	Address string
	// P256dh and Auth are the keys of a WebPush device, in base64url.
	P256dh, Auth string
	// Topic is the app that an APNS device belongs to, Environment the service
	// that knows it.
	Topic       string
	Environment APNSEnvironment
	CreatedAt   time.Time
	// RegisteredAt is when it was registered last.
	RegisteredAt time.Time
}

// ErrUnknownDevice says that the user has no such device.
var ErrUnknownDevice = &Error{NotFound, "DeviceNotFoundError", "There is no such device.", ""}

// CheckDevice refuses a device that no push could reach. It names the member of
// the input that is at fault.
func CheckDevice(d Device) error {
	switch d.Kind {
	case WebPush:
		return checkSubscription(d)
	case FCM:
		return checkToken(d.Address, 20, "of letters, digits, -, _ and :", func(r rune) bool { return isWord(r) || r == ':' })
	case APNS:
		return checkAPNS(d)
	case Webhook:
		return CheckText("token", d.Address, MaxDeviceAddress)
	}
	return Invalidf("kind", "must be WEB_PUSH, FCM, APNS or WEBHOOK")
}

func isWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// checkToken refuses a text that is no token of a provider.
func checkToken(token string, least int, form string, may func(rune) bool) error {
	if err := CheckText("token", token, MaxDeviceAddress); err != nil {
		return err
	}
	if len(token) < least || strings.ContainsFunc(token, func(r rune) bool { return !may(r) }) {
		return Invalidf("token", "must be a token of the provider: at least %d characters %s", least, form)
	}
	return nil
}

func checkAPNS(d Device) error {
	if err := checkToken(d.Address, 64, "of hexadecimal digits", func(r rune) bool { _, err := hex.DecodeString("0" + string(r)); return err == nil }); err != nil {
		return err
	}
	if d.Topic == "" || len(d.Topic) > 255 || strings.ContainsFunc(d.Topic, func(r rune) bool { return !isWord(r) && r != '.' }) {
		return Invalidf("topic", "must be the identifier of an app, such as org.example.chat")
	}
	if d.Environment != APNSProduction && d.Environment != APNSSandbox {
		return Invalidf("environment", "must be %s or %s", APNSProduction, APNSSandbox)
	}
	return nil
}

// authSize is the size of the secret that a browser shares (RFC 8291 section
// 3.2), in bytes.
const authSize = 16

func checkSubscription(d Device) error {
	if err := CheckText("endpoint", d.Address, MaxDeviceAddress); err != nil {
		return err
	}
	if u, err := url.Parse(d.Address); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return Invalidf("endpoint", "must be an https:// address")
	}
	key, ok := decodeKey(d.P256dh)
	if _, err := ecdh.P256().NewPublicKey(key); !ok || err != nil {
		return Invalidf("keys.p256dh", "must be a public key on the curve P-256, 65 bytes in base64url")
	}
	if secret, ok := decodeKey(d.Auth); !ok || len(secret) != authSize {
		return Invalidf("keys.auth", "must be %d bytes in base64url", authSize)
	}
	return nil
}

// decodeKey reads base64url, padded or not.
func decodeKey(text string) ([]byte, bool) {
	key, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	return key, err == nil
}
