package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// FCM sends to apps by Firebase Cloud Messaging, HTTP v1.
type FCM struct {
	Client *http.Client
	Now    func() time.Time
	// URL is where the service is, TokenURL where access tokens are. Both are
	// the operator's to say, whatever the file of a service account says.
	URL, TokenURL string

	tokens tokens
}

// ServiceAccount is who sends.
type ServiceAccount struct {
	ProjectID, ClientEmail, KeyID string
	// PrivateKey is an RSA key in PEM.
	PrivateKey string
}

// Note is what an app shows, and what it is told besides.
type Note struct {
	// ID is the same whenever the same note is sent again, and Collapse for all
	// of which a device shows the newest only.
	ID, Collapse string
	Title, Body  string
	Data         map[string]string
	TTL          time.Duration
}

// Send sends a note to the app of a registration token.
func (f *FCM) Send(ctx context.Context, by ServiceAccount, to string, n Note) Answer {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	name, now := by.ClientEmail+"\n"+by.PrivateKey, f.Now()
	var refusal *Answer
	access, err := f.tokens.get(name, now, func() (string, time.Time, error) {
		text, until, a, err := f.access(ctx, by, now)
		refusal = a
		return text, until, err
	})
	switch {
	case refusal != nil:
		return *refusal
	case err != nil:
		return failed(err)
	}
	body, err := json.Marshal(map[string]any{"message": map[string]any{
		"token":        to,
		"notification": map[string]string{"title": n.Title, "body": n.Body},
		"data":         n.Data,
		"android":      map[string]any{"collapse_key": n.Collapse, "priority": "HIGH", "ttl": fmt.Sprintf("%ds", int(n.TTL/time.Second)), "notification": map[string]string{"tag": n.Collapse}},
		"apns":         map[string]any{"headers": map[string]string{"apns-collapse-id": n.Collapse}},
		"webpush":      map[string]any{"headers": map[string]string{"TTL": fmt.Sprint(int(n.TTL / time.Second))}},
	}})
	if err != nil {
		return errRequest(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.URL+"/v1/projects/"+url.PathEscape(by.ProjectID)+"/messages:send", bytes.NewReader(body))
	if err != nil {
		return errRequest(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+access)
	response, err := f.Client.Do(r)
	if err != nil {
		return failed(err)
	}
	defer response.Body.Close()
	a := read(response, now)
	switch {
	case a.Status == http.StatusUnauthorized:
		f.tokens.drop(name, access, now)
		a.Verdict = Later
	case a.Status == http.StatusNotFound && !strings.Contains(a.Text, "UNREGISTERED"):
		a.Verdict = Refused // the project is not there, which says nothing of the device
	case a.Status == http.StatusForbidden && strings.Contains(a.Text, "SENDER_ID_MISMATCH"):
		a.Verdict = Gone // it belongs to another project
	}
	return a
}

// accessLifetime is for how long an access token is asked for, and accessMargin
// how long before its end it is no longer used.
const (
	accessLifetime = time.Hour
	accessMargin   = 5 * time.Minute
)

// access gets an access token (RFC 7523), or the answer that refuses one.
func (f *FCM) access(ctx context.Context, by ServiceAccount, now time.Time) (text string, until time.Time, refusal *Answer, err error) {
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(by.PrivateKey))
	if err != nil {
		a := errRequest(err)
		return "", until, &a, nil
	}
	claim := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": by.ClientEmail, "scope": "https://www.googleapis.com/auth/firebase.messaging", "aud": f.TokenURL,
		"iat": now.Unix(), "exp": now.Add(accessLifetime).Unix(),
	})
	if by.KeyID != "" {
		claim.Header["kid"] = by.KeyID
	}
	signed, err := claim.SignedString(key)
	if err != nil {
		return "", until, nil, err
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {signed}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return "", until, nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := f.Client.Do(r)
	if err != nil {
		return "", until, nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		a := read(response, now)
		a.Verdict, a.Text = Later, "no access token: "+a.Text
		return "", until, &a, nil
	}
	var granted struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAccess)).Decode(&granted); err != nil || granted.AccessToken == "" {
		return "", until, nil, fmt.Errorf("no access token in the answer: %w", err)
	}
	return granted.AccessToken, now.Add(time.Duration(granted.ExpiresIn)*time.Second - accessMargin), nil, nil
}

// maxAccess bounds the answer that has an access token, in bytes.
const maxAccess = 64 << 10
