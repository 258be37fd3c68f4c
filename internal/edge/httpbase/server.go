package httpbase

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// ServerOptions say where to listen and whom to ask.
type ServerOptions struct {
	Address     string // host:port; port 0 takes any
	Handler     http.Handler
	Certificate string // file in PEM; with Key it turns TLS on
	Key         string
	Log         *slog.Logger
}

// Server is a listener with a beginning and an orderly end: Start once, Drain
// once or more.
type Server struct {
	options ServerOptions
	server  *http.Server
	address net.Addr
	failed  chan error
}

// NewServer makes a server that does not listen yet.
func NewServer(o ServerOptions) *Server {
	return &Server{
		options: o,
		failed:  make(chan error, 1),
		server: &http.Server{
			Handler:           o.Handler,
			ReadHeaderTimeout: readHeaderTimeout,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    maxHeaderBytes,
			ErrorLog:          slog.NewLogLogger(complaints{o.Log.Handler()}, slog.LevelWarn),
		},
	}
}

// Start listens and serves until Drain. When it returns nil, connections are
// accepted and Address is known.
func (s *Server) Start(ctx context.Context) error {
	if s.options.Certificate != "" {
		certificate, err := tls.LoadX509KeyPair(s.options.Certificate, s.options.Key)
		if err != nil {
			return fmt.Errorf("load the TLS certificate: %w", err)
		}
		s.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.options.Address)
	if err != nil {
		return err
	}
	s.address = listener.Addr()
	go s.serve(listener)
	return nil
}

func (s *Server) serve(listener net.Listener) {
	var err error
	if s.server.TLSConfig != nil {
		err = s.server.ServeTLS(listener, "", "")
	} else {
		err = s.server.Serve(listener)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		s.failed <- fmt.Errorf("serve %s: %w", s.address, err)
	}
}

// Address is where the server really listens. It may be called after Start.
func (s *Server) Address() net.Addr { return s.address }

// Failed is where a server that can no longer accept says so.
func (s *Server) Failed() <-chan error { return s.failed }

// Drain stops accepting and waits until the requests under way are answered.
// When the context ends before that, the rest is cut off, and the error says so.
// Hijacked connections are not waited for: whoever took them ends them.
func (s *Server) Drain(ctx context.Context) error {
	err := s.server.Shutdown(ctx)
	if err == nil {
		return nil
	}
	return errors.Join(fmt.Errorf("drain %s: %w", s.options.Address, err), s.server.Close())
}

// complaints is where net/http tells what it could not tell a client. Handshakes
// that fail are the noise of every open port; the rest is worth a look.
type complaints struct{ slog.Handler }

func (c complaints) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "http: TLS handshake error") {
		r.Level = slog.LevelDebug
		if !c.Enabled(ctx, r.Level) {
			return nil
		}
	}
	return c.Handler.Handle(ctx, r)
}
