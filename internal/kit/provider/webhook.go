package provider

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Webhook posts to servers of others, signed so that they know by whom (Standard
// Webhooks).
type Webhook struct {
	Client *http.Client
	Now    func() time.Time
}

// Hook is one message to a webhook.
type Hook struct {
	URL string
	// Secret is whsec_ and after it a key in base64.
	Secret string
	// ID is the same whenever the same message is sent again.
	ID   string
	Body []byte
}

// Send posts a message. That an endpoint is not there, or does not like what it
// gets, may change: only 410 says that nobody wants it any more.
func (w *Webhook) Send(ctx context.Context, h Hook) Answer {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(h.Body))
	if err != nil {
		return errRequest(err)
	}
	now := w.Now()
	stamp := strconv.FormatInt(now.Unix(), 10)
	signature, err := Sign(h.Secret, h.ID, stamp, h.Body)
	if err != nil {
		return errRequest(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Purr webhook")
	r.Header.Set("Webhook-Id", h.ID)
	r.Header.Set("Webhook-Timestamp", stamp)
	r.Header.Set("Webhook-Signature", signature)
	response, err := w.Client.Do(r)
	if err != nil {
		return failed(err)
	}
	defer response.Body.Close()
	a := read(response, now)
	if a.Verdict != Accepted && a.Status != http.StatusGone {
		a.Verdict = Later
	}
	return a
}

// Sign makes the signature of a message.
func Sign(secret, id, timestamp string, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	for _, part := range [][]byte{[]byte(id), []byte("."), []byte(timestamp), []byte("."), body} {
		_, _ = mac.Write(part) // never fails, see hash.Hash
	}
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}
