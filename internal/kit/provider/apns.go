package provider

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// APNS sends to apps by the Apple Push Notification service, over HTTP/2 with a
// provider token.
type APNS struct {
	Client *http.Client
	Now    func() time.Time
	// URL is where the service is, SandboxURL where that for development is.
	URL, SandboxURL string

	tokens tokens
}

// AppleKey is who sends.
type AppleKey struct {
	KeyID, TeamID string
	// PrivateKey is a key on the curve P-256 in PEM, as the .p8 file has it.
	PrivateKey string
}

// AppleDevice is an app on a device.
type AppleDevice struct {
	Token, Topic string
	Sandbox      bool
}

// providerTokenAge is for how long a provider token is used: Apple wants it to be
// between 20 and 60 minutes old when it is made anew.
const providerTokenAge = 40 * time.Minute

// maxCollapse is how long apns-collapse-id may be, in bytes.
const maxCollapse = 64

// Send sends a note to an app.
func (p *APNS) Send(ctx context.Context, by AppleKey, to AppleDevice, n Note) Answer {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	name, now := by.TeamID+"\n"+by.KeyID+"\n"+by.PrivateKey, p.Now()
	proof, err := p.tokens.get(name, now, func() (string, time.Time, error) {
		text, err := by.sign(now)
		return text, now.Add(providerTokenAge), err
	})
	if err != nil {
		return errRequest(err)
	}
	content := map[string]any{}
	for k, v := range n.Data {
		content[k] = v
	}
	content["aps"] = map[string]any{"alert": map[string]string{"title": n.Title, "body": n.Body}, "sound": "default", "thread-id": n.Collapse}
	body, err := json.Marshal(content)
	if err != nil {
		return errRequest(err)
	}
	base := p.URL
	if to.Sandbox {
		base = p.SandboxURL
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/3/device/"+to.Token, bytes.NewReader(body))
	if err != nil {
		return errRequest(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "bearer "+proof)
	r.Header.Set("Apns-Topic", to.Topic)
	r.Header.Set("Apns-Push-Type", "alert")
	r.Header.Set("Apns-Priority", "10")
	r.Header.Set("Apns-Id", uuidOf(n.ID))
	r.Header.Set("Apns-Collapse-Id", n.Collapse[:min(len(n.Collapse), maxCollapse)])
	r.Header.Set("Apns-Expiration", strconv.FormatInt(now.Add(n.TTL).Unix(), 10))
	response, err := p.Client.Do(r)
	if err != nil {
		return failed(err)
	}
	defer response.Body.Close()
	a := read(response, now)
	p.judge(&a, name, proof, now)
	return a
}

// judge reads the reason that Apple gives, which says more than the status.
func (p *APNS) judge(a *Answer, name, proof string, now time.Time) {
	var said struct {
		Reason string `json:"reason"`
	}
	if a.Verdict == Accepted || json.Unmarshal([]byte(a.Text), &said) != nil {
		if a.Status == http.StatusNotFound {
			a.Verdict = Refused // it is not Apple that answers
		}
		return
	}
	switch said.Reason {
	case "Unregistered", "ExpiredToken", "BadDeviceToken", "DeviceTokenNotForTopic":
		a.Verdict = Gone
	case "ExpiredProviderToken", "InvalidProviderToken":
		p.tokens.drop(name, proof, now)
		a.Verdict = Later
	case "BadPath", "MethodNotAllowed":
		a.Verdict = Refused
	}
}

// sign makes a provider token.
func (k AppleKey) sign(now time.Time) (string, error) {
	key, err := jwt.ParseECPrivateKeyFromPEM([]byte(k.PrivateKey))
	if err != nil {
		return "", err
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"iss": k.TeamID, "iat": now.Unix()})
	token.Header["kid"] = k.KeyID
	return token.SignedString(key)
}

// uuidOf makes a name into a UUID (RFC 9562 version 8), which is always the same.
func uuidOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}
