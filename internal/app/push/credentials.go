package push

import (
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// CredentialsInput is what SetCredentials takes, each kind its own members.
type CredentialsInput struct {
	Kind chat.DeviceKind
	// Subject and PrivateKey, 32 bytes in base64url, are for WEB_PUSH. Without
	// a key one is made.
	Subject string
	// PrivateKey is also the key for APNS, as Apple's .p8 file has it.
	PrivateKey string
	// ServiceAccount is for FCM: the file that Google gives, as an object or as
	// its text.
	ServiceAccount json.RawMessage
	// KeyID and TeamID are for APNS.
	KeyID, TeamID string
	// URL and Secret, as Standard Webhooks write it, are for WEBHOOK.
	URL, Secret string
}

// Credentials lists what providers know the application by, without secrets.
func (p *Push) Credentials(ctx context.Context, actor chat.Actor) (list []chat.PushCredentials, err error) {
	if err := chat.CheckUserRight(chat.OpPush, actor, actor.User); err != nil {
		return nil, err
	}
	err = p.DB.View(ctx, func(tx *store.Tx) error {
		stored, err := tx.PushCredentials(actor.Application)
		for _, c := range stored {
			list = append(list, c.PushCredentials)
		}
		return err
	})
	return list, err
}

// SetCredentials sets those for a kind of device, in the place of earlier ones.
func (p *Push) SetCredentials(ctx context.Context, actor chat.Actor, in CredentialsInput) (c chat.PushCredentials, err error) {
	if err := chat.CheckUserRight(chat.OpPush, actor, actor.User); err != nil {
		return c, err
	}
	c, secret, err := in.read()
	if err != nil {
		return c, err
	}
	if c.Kind == chat.WebPush && c.Subject == "" {
		c.Subject = p.Subject
	}
	err = p.DB.Update(ctx, func(tx *store.Tx) error {
		c.CreatedAt = tx.Now
		return tx.SetPushCredentials(actor.Application, p.sealed(actor.Application, c, secret))
	})
	return c, err
}

func (p *Push) sealed(app chat.ApplicationID, c chat.PushCredentials, secret string) store.StoredCredentials {
	return store.StoredCredentials{PushCredentials: c, Secret: p.Secrets.Seal([]byte(secret), place(app, c.Kind))}
}

// place is where a sealed secret is kept.
func place(app chat.ApplicationID, kind chat.DeviceKind) string {
	return fmt.Sprintf("push_credentials/%d/%s", app, kind)
}

// RemoveCredentials removes those for a kind of device: no device of this kind is
// reached any more.
func (p *Push) RemoveCredentials(ctx context.Context, actor chat.Actor, kind chat.DeviceKind) error {
	if err := chat.CheckUserRight(chat.OpPush, actor, actor.User); err != nil {
		return err
	}
	return p.DB.Update(ctx, func(tx *store.Tx) error {
		return store.OrRefuse(tx.DeletePushCredentials(actor.Application, kind), chat.ErrNoCredentials)
	})
}

// WebPushKey is the public key that browsers subscribe with. It is made when it
// is asked for the first time.
func (p *Push) WebPushKey(ctx context.Context, actor chat.Actor) (key string, err error) {
	err = p.DB.View(ctx, func(tx *store.Tx) error {
		c, err := tx.PushCredentialsFor(actor.Application, chat.WebPush)
		key = c.PublicKey
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		return key, err
	}
	c, secret, err := CredentialsInput{Kind: chat.WebPush, Subject: p.Subject}.read()
	if err != nil {
		return "", err
	}
	err = p.DB.Update(ctx, func(tx *store.Tx) error {
		earlier, err := tx.PushCredentialsFor(actor.Application, chat.WebPush)
		if key = earlier.PublicKey; !errors.Is(err, store.ErrNotFound) {
			return err // somebody was first
		}
		key = c.PublicKey
		return tx.SetPushCredentials(actor.Application, p.sealed(actor.Application, c, secret))
	})
	return key, err
}

// read checks the input and parts it into what may be shown and the secret.
func (in CredentialsInput) read() (c chat.PushCredentials, secret string, err error) {
	c.Kind = in.Kind
	switch in.Kind {
	case chat.WebPush:
		err = in.readWebPush(&c, &secret)
	case chat.FCM:
		err = in.readServiceAccount(&c, &secret)
	case chat.APNS:
		err = in.readAPNS(&c, &secret)
	case chat.Webhook:
		err = in.readWebhook(&c, &secret)
	default:
		err = chat.ErrNoCredentials
	}
	return c, secret, err
}

func (in CredentialsInput) readWebPush(c *chat.PushCredentials, secret *string) error {
	if c.Subject = in.Subject; c.Subject != "" {
		u, err := url.Parse(c.Subject)
		if err != nil || len(c.Subject) > chat.MaxDisplayName || (u.Scheme != "mailto" || u.Opaque == "") && (u.Scheme != "https" || u.Host == "") {
			return chat.Invalidf("subject", "must be a mailto: or https: address")
		}
	}
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if in.PrivateKey != "" {
		raw, bad := base64.RawURLEncoding.DecodeString(strings.TrimRight(in.PrivateKey, "="))
		if key, err = ecdh.P256().NewPrivateKey(raw); bad != nil || err != nil {
			return chat.Invalidf("privateKey", "must be a private key on the curve P-256, 32 bytes in base64url")
		}
	}
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	c.PublicKey = base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes())
	*secret = base64.RawURLEncoding.EncodeToString(key.Bytes())
	return nil
}

// maxServiceAccount is more than any such file has, in bytes.
const maxServiceAccount = 16 << 10

func (in CredentialsInput) readServiceAccount(c *chat.PushCredentials, secret *string) error {
	text := in.ServiceAccount
	var quoted string
	if json.Unmarshal(text, &quoted) == nil {
		text = json.RawMessage(quoted)
	}
	var account struct {
		Type        string `json:"type"`
		ProjectID   string `json:"project_id"`
		KeyID       string `json:"private_key_id"`
		PrivateKey  string `json:"private_key"`
		ClientEmail string `json:"client_email"`
	}
	if len(text) == 0 || len(text) > maxServiceAccount || json.Unmarshal(text, &account) != nil || account.Type != "service_account" {
		return chat.Invalidf("serviceAccount", "must be the JSON file of a service account, whose type is service_account")
	}
	for _, x := range []struct{ field, value string }{{"project_id", account.ProjectID}, {"client_email", account.ClientEmail}} {
		if chat.CheckText(x.field, x.value, chat.MaxDisplayName) != nil || strings.ContainsAny(x.value, "/?# \r\n") {
			return chat.Invalidf("serviceAccount."+x.field, "must be what Google has written there")
		}
	}
	if err := chat.CheckOptionalText("serviceAccount.private_key_id", account.KeyID, chat.MaxDisplayName); err != nil {
		return err
	}
	if _, is := parseKey(account.PrivateKey).(*rsa.PrivateKey); !is {
		return chat.Invalidf("serviceAccount.private_key", "must be an RSA key in PEM")
	}
	c.ProjectID, c.ClientEmail, c.KeyID, *secret = account.ProjectID, account.ClientEmail, account.KeyID, account.PrivateKey
	return nil
}

// appleName is how long the names are that Apple gives to keys and teams.
const appleName = 10

func (in CredentialsInput) readAPNS(c *chat.PushCredentials, secret *string) error {
	for _, x := range []struct{ field, value string }{{"keyId", in.KeyID}, {"teamId", in.TeamID}} {
		other := strings.ContainsFunc(x.value, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') })
		if len(x.value) != appleName || other {
			return chat.Invalidf(x.field, "must be %d capital letters and digits", appleName)
		}
	}
	key, is := parseKey(in.PrivateKey).(*ecdsa.PrivateKey)
	if !is || key.Curve != elliptic.P256() {
		return chat.Invalidf("privateKey", "must be a key on the curve P-256 in PEM, as the .p8 file has it")
	}
	c.KeyID, c.TeamID, *secret = in.KeyID, in.TeamID, in.PrivateKey
	return nil
}

// parseKey reads a private key in PEM (PKCS #8), nil where it is none.
func parseKey(text string) any {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil
	}
	return key
}

// The sizes of a webhook's secret, in bytes (Standard Webhooks).
const (
	minWebhookSecret = 24
	maxWebhookSecret = 64
)

func (in CredentialsInput) readWebhook(c *chat.PushCredentials, secret *string) error {
	if err := chat.CheckText("url", in.URL, chat.MaxDeviceAddress); err != nil {
		return err
	}
	if u, err := url.Parse(in.URL); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.Fragment != "" {
		return chat.Invalidf("url", "must be an https:// or http:// address")
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(in.Secret, "whsec_"))
	if err != nil || !strings.HasPrefix(in.Secret, "whsec_") || len(raw) < minWebhookSecret || len(raw) > maxWebhookSecret {
		return chat.Invalidf("secret", "must be whsec_ and after it %d to %d bytes in base64", minWebhookSecret, maxWebhookSecret)
	}
	c.URL, *secret = in.URL, in.Secret
	return nil
}
