// Package provider speaks to those who push to devices: push services of
// browsers (RFC 8030), Firebase Cloud Messaging, the Apple Push Notification
// service, and webhooks (Standard Webhooks).
//
// Whom it asks is named by users in part, so whatever an answer is, is bounded
// in time and in size; whether a host may be asked at all is for the client's
// transport to say, see package outbound. No redirect is followed: a push is no
// page, and to follow would hand it to somebody else.
//
// Each provider is a value that may be used by any number of goroutines.
package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The bounds of an answer.
const (
	// Patience is how long one may take, from the first name to be resolved to
	// the last byte that is read of it.
	Patience = 10 * time.Second
	// MaxAnswer is how much of it is read, in bytes.
	MaxAnswer = 2048
)

// Verdict is what an answer means.
type Verdict uint8

// The verdicts.
const (
	// Accepted: the provider has taken it.
	Accepted Verdict = iota + 1
	// Later: it may take it another time.
	Later
	// Gone: it does not know the device any more.
	Gone
	// Refused: it will never take it.
	Refused
)

// Answer is what a provider said.
type Answer struct {
	Verdict Verdict
	// Status is that over HTTP, zero where there was no answer; Text is its body,
	// or why there was none.
	Status int
	Text   string
	// RetryAfter is how long it wants to be left alone, zero where it does not
	// say.
	RetryAfter time.Duration
}

// NewClient makes a client for what the package asks. Its owner closes idle
// connections of the transport.
func NewClient(t http.RoundTripper) *http.Client {
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// failed is the answer where there was none.
func failed(err error) Answer {
	text := err.Error()
	if errors.Is(err, context.DeadlineExceeded) {
		text = "no answer within " + Patience.String()
	}
	return Answer{Verdict: Later, Text: text}
}

// read reads an answer. What it means is, unless the provider has words of its
// own for that, in its status.
func read(r *http.Response, now time.Time) Answer {
	// The status has been said; a body that breaks off changes nothing.
	body, _ := io.ReadAll(io.LimitReader(r.Body, MaxAnswer))
	a := Answer{Status: r.StatusCode, Text: clean(string(body)), RetryAfter: retryAfter(r.Header.Get("Retry-After"), now)}
	switch {
	case r.StatusCode >= 200 && r.StatusCode < 300:
		a.Verdict = Accepted
	case r.StatusCode == http.StatusNotFound || r.StatusCode == http.StatusGone:
		a.Verdict = Gone
	case r.StatusCode == http.StatusTooManyRequests || r.StatusCode == http.StatusRequestTimeout || r.StatusCode >= 500:
		a.Verdict = Later
	default:
		a.Verdict = Refused
	}
	return a
}

// clean takes out of a text what is none.
func clean(s string) string {
	s = strings.ReplaceAll(s, "\x00", "")
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// retryAfter reads how long to wait, in seconds or as a date (RFC 9110 section
// 10.2.3); nonsense says nothing.
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// errRequest says that no request could be made of what the caller gave.
func errRequest(err error) Answer {
	return Answer{Verdict: Refused, Text: fmt.Sprintf("no request can be made: %v", err)}
}
