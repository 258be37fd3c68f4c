package rtm

import (
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// pace limits how fast a client may ask, as a bucket of tokens. Its zero value
// is a full bucket.
type pace struct {
	tokens float64
	last   time.Time
}

// allow takes a token if there is one.
func (p *pace) allow(now time.Time, perSecond, burst int) bool {
	if perSecond <= 0 {
		return true
	}
	if p.last.IsZero() {
		p.tokens = float64(burst)
	} else {
		p.tokens = min(float64(burst), p.tokens+now.Sub(p.last).Seconds()*float64(perSecond))
	}
	p.last = now
	if p.tokens < 1 {
		return false
	}
	p.tokens--
	return true
}

// tooFast refuses a client that asks too often.
var tooFast = &chat.Error{Code: chat.RateLimited, Reason: "RateLimitedError", Message: "Too many requests; wait a moment."} //nolint:gochecknoglobals // a constant
