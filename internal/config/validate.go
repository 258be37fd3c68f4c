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

	"github.com/purrchat/purr/internal/kit/outbound"
	"github.com/purrchat/purr/internal/kit/seal"
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
	check("push.keep_answers", notNegative(c.Push.KeepAnswers))
	check("push.fcm_url", publicURL(c.Push.FCMURL))
	check("push.fcm_token_url", publicURL(c.Push.FCMTokenURL))
	check("push.apns_url", publicURL(c.Push.APNSURL))
	check("push.apns_sandbox_url", publicURL(c.Push.APNSSandboxURL))
	check("presence.grace", notNegative(c.Presence.Grace))
	check("presence.fanout_limit", atLeast(c.Presence.FanoutLimit, 0))
	// The SDKs reckon in whole seconds and keep a token until its last one.
	if c.Token.Lifetime < time.Minute {
		check("token.lifetime", fmt.Errorf("%s is less than a minute", durationText(c.Token.Lifetime)))
	}
	check("files.max_size", atLeast(c.Files.MaxSize, KiB))
	validateS3(c, check)
	if c.Secrets.Key != "" {
		_, err := seal.Parse(c.Secrets.Key)
		check("secrets.key", err)
	}
	_, err := outbound.ParseNetworks(c.Outbound.AllowedNetworks)
	check("outbound.allowed_networks", err)
	check("imports.max_size", atLeast(c.Imports.MaxSize, KiB))
	return errs
}

// validateS3 wants all of a storage or nothing.
func validateS3(c Config, check func(key string, err error)) {
	if !slices.Contains([]string{"auto", "path", "host"}, c.S3.Addressing) {
		check("s3.addressing", fmt.Errorf("%q is none of auto, path, host", c.S3.Addressing))
	}
	needed := []struct{ key, value string }{
		{"s3.bucket", c.S3.Bucket}, {"s3.endpoint", c.S3.Endpoint}, {"s3.region", c.S3.Region},
		{"s3.access_key", c.S3.AccessKey}, {"s3.secret_key", c.S3.SecretKey},
	}
	if c.S3.Bucket == "" && c.S3.Endpoint == "" && c.S3.AccessKey == "" && c.S3.SecretKey == "" {
		return
	}
	for _, n := range needed {
		if n.value == "" {
			check(n.key, errors.New("a storage needs its bucket, endpoint, region, access key and secret key"))
		}
	}
	if c.S3.Endpoint != "" {
		check("s3.endpoint", endpoint(c.S3.Endpoint))
	}
	if strings.HasPrefix(c.S3.Prefix, "/") {
		check("s3.prefix", fmt.Errorf("%q begins with a slash, which would be part of the names", c.S3.Prefix))
	}
	if c.Files.Directory != "" {
		check("files.directory", errors.New("files are kept in s3.bucket; want one of the two"))
	}
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

func endpoint(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" ||
		u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return errors.New("want an address such as https://s3.example.org, without a path; the keys have settings of their own")
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
