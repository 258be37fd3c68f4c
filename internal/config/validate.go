package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// validate checks what the types leave open. Errors name the setting and its
// origin in the same words as those of reading it.
func (l *loader) validate(c Config) []error {
	var errs []error
	check := func(key string, err error) {
		if err == nil {
			return
		}
		origin := "the default"
		if o, set := l.origins[key]; set {
			origin = o
		}
		errs = append(errs, fmt.Errorf("%s: %w (set by %s)", key, err, origin))
	}

	check("listen", hostPort(c.Listen))
	if c.OperationsListen != "" {
		check("operations_listen", hostPort(c.OperationsListen))
	}
	if c.PublicURL != "" {
		check("public_url", publicURL(c.PublicURL))
	}
	if c.Data == "" {
		check("data", errors.New("a directory is needed, for keys and files even when the database is elsewhere"))
	}
	if c.Database != "" {
		check("database", address(c.Database, "postgres", "postgresql"))
	}
	if c.NATS != "" {
		check("nats", address(c.NATS, "nats", "tls"))
	}
	check("drain_timeout", positive(c.DrainTimeout))
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		missing := "tls.certificate"
		if c.TLS.Key == "" {
			missing = "tls.key"
		}
		check(missing, errors.New("TLS needs both the certificate and its key"))
	}
	if !slices.Contains([]string{"text", "json"}, c.Log.Format) {
		check("log.format", fmt.Errorf("%q is neither text nor json", c.Log.Format))
	}

	check("http.max_body", atLeast(c.HTTP.MaxBody, KiB))
	check("http.request_timeout", positive(c.HTTP.RequestTimeout))
	check("http.requests_per_second", atLeast(c.HTTP.RequestsPerSecond, 0))
	check("http.application_requests_per_second", atLeast(c.HTTP.ApplicationRequestsPerSecond, 0))

	check("connection.max_frame", atLeast(c.Connection.MaxFrame, KiB))
	check("connection.max_queue", atLeast(c.Connection.MaxQueue, 64*KiB))
	check("connection.max_subscriptions", atLeast(c.Connection.MaxSubscriptions, 1))
	check("connection.frames_per_second", atLeast(c.Connection.FramesPerSecond, 0))
	check("connection.heartbeat_send", positive(c.Connection.HeartbeatSend))
	check("connection.heartbeat_receive", positive(c.Connection.HeartbeatReceive))

	check("session.resume_window", notNegative(c.Session.ResumeWindow))
	check("presence.grace", notNegative(c.Presence.Grace))
	check("presence.fanout_limit", atLeast(c.Presence.FanoutLimit, 0))
	// The SDKs reckon in whole seconds and keep a token until its last one.
	if c.Token.Lifetime < time.Minute {
		check("token.lifetime", fmt.Errorf("%s is less than a minute", durationText(c.Token.Lifetime)))
	}
	check("files.max_size", atLeast(c.Files.MaxSize, KiB))
	return errs
}

func hostPort(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("%q is no address such as 127.0.0.1:8080", address)
	}
	return nil
}

func publicURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is no URL such as https://chat.example.org", text)
	}
	return nil
}

// address looks no further than the scheme: the drivers know more forms than a
// URL parser, such as several hosts. It does not repeat the value, which may hold
// a password.
func address(text string, schemes ...string) error {
	for _, scheme := range schemes {
		if strings.HasPrefix(text, scheme+"://") {
			return nil
		}
	}
	return fmt.Errorf("want an address that begins with %s://", strings.Join(schemes, ":// or "))
}

func positive(d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("%s is not a time to wait; want more than zero", durationText(d))
	}
	return nil
}

func notNegative(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("%s is negative", durationText(d))
	}
	return nil
}

func atLeast[T Bytes | int](n, least T) error {
	if n < least {
		return fmt.Errorf("%v is too little; want at least %v", n, least)
	}
	return nil
}
