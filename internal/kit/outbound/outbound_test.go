package outbound_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/kit/outbound"
)

func TestOnlyPublicAddressesAreDialled(t *testing.T) {
	t.Parallel()
	var g outbound.Guard
	for _, text := range []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "100.127.255.255", "192.0.0.192", "192.0.2.1", "198.18.0.1",
		"198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.88.99.1",
		"168.63.129.16",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0.0.0.0",
		"64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "100::1", "3fff::1", "5f00::1",
		"fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1",
	} {
		if err := g.Check(netip.MustParseAddr(text)); !errors.Is(err, outbound.ErrRefused) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := g.Check(netip.Addr{}); !errors.Is(err, outbound.ErrRefused) {
		t.Errorf("no address: %v", err)
	}
	for _, text := range []string{
		"1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.1", "192.167.0.1", "169.253.0.1", "223.255.255.255",
		"2606:4700::1", "2a00:1450:4001::200e", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2001:200::1",
	} {
		if err := g.Check(netip.MustParseAddr(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestNetworksCanBeAllowed(t *testing.T) {
	t.Parallel()
	networks, err := outbound.ParseNetworks(" 10.1.2.3/16, 127.0.0.1 ,fd00::/8,")
	if err != nil || len(networks) != 3 {
		t.Fatalf("%v %v", networks, err)
	}
	g := outbound.NewGuard(networks...)
	for text, allowed := range map[string]bool{
		"10.1.255.1": true, "10.2.0.1": false, "127.0.0.1": true, "127.0.0.2": false, "fd12::1": true, "fc00::1": false,
		"::ffff:10.1.0.1": true, "::ffff:10.2.0.1": false, "8.8.8.8": true, "64:ff9b::10.1.0.1": true,
	} {
		if err := g.Check(netip.MustParseAddr(text)); (err == nil) != allowed {
			t.Errorf("%s: %v", text, err)
		}
	}
	if none, err := outbound.ParseNetworks(""); err != nil || none != nil {
		t.Errorf("nothing: %v %v", none, err)
	}
	for _, text := range []string{"x", "10.0.0.0/33", "10.0.0", "localhost", "fe80::1%eth0", "::ffff:10.0.0.0/104", "10.0.0.0/8;127.0.0.1"} {
		if list, err := outbound.ParseNetworks(text); err == nil {
			t.Errorf("%q: %v", text, list)
		}
	}
}

// The address is looked at when it is dialled, whatever it was called.
func TestTheAddressThatIsDialledCounts(t *testing.T) {
	t.Parallel()
	asked := 0
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	t.Cleanup(inside.Close)
	address, err := url.Parse(inside.URL)
	if err != nil {
		t.Fatal(err)
	}
	get := func(g outbound.Guard, host string) error {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+net.JoinHostPort(host, address.Port()), nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := g.Transport().RoundTrip(request)
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	}
	for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", "::ffff:127.0.0.1", "::"} {
		if err := get(outbound.Guard{}, host); !errors.Is(err, outbound.ErrRefused) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if asked != 0 {
		t.Fatalf("asked %d times", asked)
	}
	if err := get(outbound.NewGuard(netip.MustParsePrefix("127.0.0.0/8")), "127.0.0.1"); err != nil || asked != 1 {
		t.Errorf("allowed: %v, asked %d times", err, asked)
	}
	if err := get(outbound.NewGuard(netip.MustParsePrefix("127.0.0.0/8")), "::"); err == nil || !strings.Contains(err.Error(), "::") {
		t.Errorf("unspecified: %v", err)
	}
}

func TestNoProxyDialsInItsPlace(t *testing.T) {
	t.Parallel()
	if outbound.NewGuard().Transport().Proxy != nil {
		t.Error("a proxy of the environment would be used")
	}
}
