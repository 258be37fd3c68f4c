// Package config is what an operator may decide, in one place.
//
// [Config] is made of small structs, one for each part of the node, so that a
// part can be given its own and nothing else. Every field carries its name and
// its explanation in a tag; the reference (`purr config docs`), the flags' help
// and the error messages are all made from these. A value is looked for in the
// flags, then in PURR_* environment variables, then in a YAML file, and last in
// [Default]; see [Load].
//
// A Config is plain data: copy it freely, read it from anywhere. The package
// reads one file when told to, and neither watches nor reloads it.
package config

import (
	"log/slog"
	"net"
	"time"
)

// Config is everything there is to decide. The zero value is not usable; start
// from [Default] or [Load].
type Config struct {
	Listen           string        `key:"listen" doc:"Address to serve on, host:port. An empty host means every interface."`
	OperationsListen string        `key:"operations_listen" doc:"Address for metrics and profiles, kept apart from the public. Empty: metrics are served on the listen address, profiles nowhere."`
	PublicURL        string        `key:"public_url" doc:"Where clients reach this server, as in links that it hands out. Empty: http(s)://, then the listen address."`
	Data             string        `key:"data" doc:"Directory for the embedded database and everything else that must survive a restart."`
	Database         string        `key:"database" secret:"url" doc:"PostgreSQL address, postgres://user:password@host/name. Empty: SQLite in the data directory."`
	NATS             string        `key:"nats" secret:"url" doc:"NATS address, nats://host:4222, which connects several nodes. Empty: this node stands alone."`
	DrainTimeout     time.Duration `key:"drain_timeout" doc:"How long a stopping server waits for what it has begun."`

	TLS        TLS        `key:"tls"`
	Log        Log        `key:"log"`
	HTTP       HTTP       `key:"http"`
	Connection Connection `key:"connection"`
	Session    Session    `key:"session"`
	Presence   Presence   `key:"presence"`
	Token      Token      `key:"token"`
	Files      Files      `key:"files"`
	S3         S3         `key:"s3"`
	Secrets    Secrets    `key:"secrets"`
	Outbound   Outbound   `key:"outbound"`
	Imports    Imports    `key:"imports"`
	Push       Push       `key:"push"`
}

// TLS is for a server that faces the network without a proxy before it.
type TLS struct {
	Certificate string `key:"certificate" doc:"File with the certificate chain in PEM. Together with tls.key it turns TLS on."`
	Key         string `key:"key" doc:"File with the certificate's private key in PEM."`
}

// Enabled reports whether the server speaks TLS itself.
func (t TLS) Enabled() bool { return t.Certificate != "" }

// Log is for the program's log, written to standard error.
type Log struct {
	Level  slog.Level `key:"level" doc:"The least level to write: debug, info, warn or error."`
	Format string     `key:"format" doc:"text is for people, json for machines."`
}

// HTTP bounds single requests.
type HTTP struct {
	MaxBody                      Bytes         `key:"max_body" doc:"The largest body of a Platform API request."`
	RequestTimeout               time.Duration `key:"request_timeout" doc:"How long one request may take, reading it included. Real-time connections have no such end."`
	ApplicationRequestsPerSecond int           `key:"application_requests_per_second" doc:"Platform API requests that all access tokens of one application together may make a second, with bursts of twice as many. 0: no limit."`
	RequestsPerSecond            int           `key:"requests_per_second" doc:"Platform API requests that one access token may make a second, with bursts of twice as many. 0: no limit."`
}

// Connection bounds real-time connections, whichever transport they came by.
type Connection struct {
	MaxFrame         Bytes         `key:"max_frame" doc:"The largest frame a client may send. The SDKs send whole resources back, so not less than 256KiB in production."`
	MaxQueue         Bytes         `key:"max_queue" doc:"How much may wait for a client that reads too slowly. Beyond it the connection is cut; the client comes back and resumes."`
	MaxSubscriptions int           `key:"max_subscriptions" doc:"How many subscriptions a connection may hold."`
	FramesPerSecond  int           `key:"frames_per_second" doc:"Frames that one connection may send a second, with bursts of ten times as many. 0: no limit."`
	HeartbeatSend    time.Duration `key:"heartbeat_send" doc:"How often a client hears from the server at the least."`
	HeartbeatReceive time.Duration `key:"heartbeat_receive" doc:"How often the server asks to hear from a client. A client that has missed two is taken for dead."`
}

// Session is for what outlives a connection.
type Session struct {
	ResumeWindow time.Duration `key:"resume_window" doc:"How long a session waits for its client to come back and resume without a gap."`
}

// Presence is for who is online.
type Presence struct {
	Grace       time.Duration `key:"grace" doc:"How long a user stays online after the last connection ended, so that a reload of the page is not an absence."`
	FanoutLimit int           `key:"fanout_limit" doc:"In channels with more members than this nobody is told who comes and goes, or what others have read."`
}

// Token is for access to the Platform API.
type Token struct {
	Lifetime time.Duration `key:"lifetime" doc:"How long an access token is valid."`
}

// Files is for what users upload.
type Files struct {
	Directory string `key:"directory" doc:"Directory for uploaded files, which several nodes share unless they have s3.bucket. Empty: files in the data directory."`
	MaxSize   Bytes  `key:"max_size" doc:"The largest file that may be uploaded."`
}

// S3 is for an object storage that keeps what users upload.
type S3 struct {
	Bucket     string `key:"bucket" doc:"Bucket of an S3-compatible storage for uploaded files, which then need no directory. It must exist, and the access key must be allowed to list, read, write and delete. Empty: files go to files.directory."`
	Endpoint   string `key:"endpoint" doc:"Address of the storage, such as https://s3.example.org. http:// does without TLS."`
	Region     string `key:"region" doc:"Region of the bucket. Storages that have none take any."`
	AccessKey  string `key:"access_key" doc:"Access key for the bucket."`
	SecretKey  string `key:"secret_key" secret:"all" doc:"The access key's secret. Better in the environment or the file than in a flag, which other users of the machine see."`
	Prefix     string `key:"prefix" doc:"What the names of all objects begin with, such as purr/. It lets installations share a bucket."`
	Addressing string `key:"addressing" doc:"How the bucket is named: path, as in https://endpoint/bucket; host, as in https://bucket.endpoint; auto is host with the large providers and path elsewhere."`
}

// Enabled reports whether files are kept in a bucket.
func (s S3) Enabled() bool { return s.Bucket != "" }

// Secrets is for what applications keep for their users and nobody may read.
type Secrets struct {
	Key string `key:"key" secret:"all" doc:"Key to users' secrets and functions' variables, 32 random bytes in base64. Several nodes need the same. Empty: a key made at the first start, in the data directory."`
}

// Outbound is for hosts that users name and the server asks.
type Outbound struct {
	AllowedNetworks string `key:"allowed_networks" doc:"Networks beside the public internet in which such hosts may be, as in 10.1.0.0/16,127.0.0.1. Empty: none."`
}

// Imports is for what back ends bring in at once.
type Imports struct {
	MaxSize Bytes `key:"max_size" doc:"The largest file that may be imported. It is kept until its import has ended."`
}

// Push is for what is pushed to the devices of users who are not there.
type Push struct {
	KeepAnswers    time.Duration `key:"keep_answers" doc:"How long it is kept what the providers of push have answered, for asking why somebody did not get a message."`
	FCMURL         string        `key:"fcm_url" doc:"Where Firebase Cloud Messaging is."`
	FCMTokenURL    string        `key:"fcm_token_url" doc:"Where its access tokens are."`
	APNSURL        string        `key:"apns_url" doc:"Where the Apple Push Notification service is."`
	APNSSandboxURL string        `key:"apns_sandbox_url" doc:"Where that for apps in development is."`
}

// Default is the configuration of a server that nobody configured.
func Default() Config {
	return Config{
		Listen:       "127.0.0.1:8080",
		Data:         "./data",
		DrainTimeout: 10 * time.Second,
		Log:          Log{Level: slog.LevelInfo, Format: "text"},
		HTTP: HTTP{
			MaxBody:           8 * MiB,
			RequestTimeout:    30 * time.Second,
			RequestsPerSecond: 2000, ApplicationRequestsPerSecond: 10_000,
		},
		Connection: Connection{
			MaxFrame:         MiB,
			MaxQueue:         4 * MiB,
			MaxSubscriptions: 1000,
			FramesPerSecond:  2000,
			HeartbeatSend:    10 * time.Second,
			HeartbeatReceive: 60 * time.Second,
		},
		Session:  Session{ResumeWindow: 2 * time.Minute},
		Presence: Presence{Grace: 15 * time.Second, FanoutLimit: 500},
		Token:    Token{Lifetime: 12 * time.Hour},
		Files:    Files{MaxSize: 100 * MiB},
		S3:       S3{Region: "us-east-1", Addressing: "auto"},
		Imports:  Imports{MaxSize: 4 * GiB},
		Push: Push{
			KeepAnswers: 7 * 24 * time.Hour,
			FCMURL:      "https://fcm.googleapis.com", FCMTokenURL: "https://oauth2.googleapis.com/token",
			APNSURL: "https://api.push.apple.com", APNSSandboxURL: "https://api.sandbox.push.apple.com",
		},
	}
}

// BaseURL is where clients reach the server, without a slash at its end. Bound
// is the address the listener really got, which tells the port when the
// configuration left it to the system; nil means the configured one. A server
// on every interface is named by the loopback address: from this machine at
// least, that is right.
func (c Config) BaseURL(bound net.Addr) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	scheme, address := "http", c.Listen
	if c.TLS.Enabled() {
		scheme = "https"
	}
	if bound != nil {
		address = bound.String()
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return scheme + "://" + address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
