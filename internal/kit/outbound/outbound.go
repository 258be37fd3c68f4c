// Package outbound makes connections to hosts that somebody else has named, such
// as the author of a message. Such a name may lead into the network that the
// server stands in, to its neighbours that trust it, or to itself; so a [Guard]
// looks at every address that is about to be dialled, after names have been
// resolved and for each connection anew: neither a redirect nor a name that
// resolves to another address the second time gets around it.
//
// A Guard is a value that never changes and may be used by any number of
// goroutines. The package starts none; a transport belongs to who made it.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// ErrRefused says that an address is not one to be dialled.
var ErrRefused = errors.New("outbound: the address is not public")

// Guard decides which addresses may be dialled: those of the public internet,
// and what is allowed besides.
type Guard struct {
	allowed []netip.Prefix
}

// NewGuard makes a guard that allows some networks beside the public ones.
func NewGuard(allowed ...netip.Prefix) Guard { return Guard{allowed: allowed} }

// ParseNetworks reads networks such as "10.1.0.0/16, 127.0.0.1", parted by
// commas. A single address is a network of its own.
func ParseNetworks(text string) (list []netip.Prefix, err error) {
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		p, err := netip.ParsePrefix(part)
		if err != nil {
			a, bad := netip.ParseAddr(part)
			if bad != nil || a.Zone() != "" {
				return nil, fmt.Errorf("%q is no network such as 10.0.0.0/8", part)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		if p.Addr().Is4In6() {
			return nil, fmt.Errorf("%q is an IPv4 network in disguise; write it as one", part)
		}
		list = append(list, p.Masked())
	}
	return list, nil
}

// Check returns an error that is ErrRefused unless an address may be dialled.
func (g Guard) Check(a netip.Addr) error {
	a = plain(a)
	for _, p := range g.allowed {
		if p.Contains(a) {
			return nil
		}
	}
	if !public(a) {
		return fmt.Errorf("%w: %s", ErrRefused, a)
	}
	return nil
}

// translation is where IPv4 addresses stand in IPv6 networks (RFC 6052).
var translation = netip.MustParsePrefix("64:ff9b::/96") //nolint:gochecknoglobals // a constant

// plain is the address that is really meant: an IPv4 address may be written as
// an IPv6 one, or be translated into one.
func plain(a netip.Addr) netip.Addr {
	if translation.Contains(a) {
		b := a.As16()
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return a.Unmap()
}

// special are the networks that are not of the public internet (the registries
// of special-purpose addresses, RFC 6890), and hosts that look as if they were.
var special = prefixes( //nolint:gochecknoglobals // a constant
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	// A cloud's own services, at an address that nobody would suspect.
	"168.63.129.16/32",
	"::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
	"fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

func prefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for i, text := range list {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

func public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// DialContext dials, unless the guard refuses where that leads. It suits
// http.Transport.
func (g Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %s", ErrRefused, address)
		}
		return g.Check(to.Addr())
	}}
	return d.DialContext(ctx, network, address)
}

const (
	dialTimeout   = 5 * time.Second
	headerTimeout = 10 * time.Second
	maxHeader     = 64 << 10
)

// Transport makes requests by way of the guard. It uses no proxy, whatever the
// environment says, since that would dial in its place, and keeps no
// connections: the next request is for another host.
func (g Guard) Transport() *http.Transport {
	return &http.Transport{
		DialContext: g.DialContext, TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: headerTimeout,
		MaxResponseHeaderBytes: maxHeader, DisableKeepAlives: true, ForceAttemptHTTP2: true,
	}
}
