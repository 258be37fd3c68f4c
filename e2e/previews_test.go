package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// linked is a message with what its links show.
type linked struct {
	ID             int64
	Body           string
	LastEditedTime string
	Links          []struct {
		Source  string
		Preview *struct {
			URL, Title, Description, SiteName string
			Image                             struct{ Source string }
		}
	}
}

// website is a site that the server may be sent to, and how often it was.
type website struct {
	*httptest.Server
	asked atomic.Int64
	// redirect is where /elsewhere leads.
	redirect string
}

func newWebsite(t *testing.T, host string) *website {
	t.Helper()
	site := &website{}
	page := func(w http.ResponseWriter, kind, body string) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, body)
	}
	const film = `<html><head><title>no</title><meta property="og:title" content="A film &amp; more"><meta property="og:image" content="/poster.png">
		<meta property="og:description" content="About a cat"><meta property="og:site_name" content="Films"></head></html>`
	mux := http.NewServeMux()
	mux.HandleFunc("/film", func(w http.ResponseWriter, _ *http.Request) { page(w, "text/html; charset=utf-8", film) })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/film", http.StatusMovedPermanently)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, site.redirect, http.StatusFound) })
	mux.HandleFunc("/plain", func(w http.ResponseWriter, _ *http.Request) { page(w, "text/plain", film) })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for page(w, "text/html", "<head>"); r.Context().Err() == nil; {
			if _, err := io.WriteString(w, "<meta name='x' content='filler'>"); err != nil {
				return
			}
		}
	})
	site.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site.asked.Add(1)
		mux.ServeHTTP(w, r)
	}))
	listener, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	_ = site.Listener.Close()
	site.Listener = listener
	site.Start()
	t.Cleanup(site.Close)
	return site
}

// A link in a message gets the title and the picture of its page, where the
// application wants that; bad pages get none and disturb nothing.
func TestLinkPreviews(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		p.Stop()
		p.Server.Set("outbound.allowed_networks", "127.0.0.1")
		p.Start()
		site := newWebsite(t, "127.0.0.1")
		k := newTalk(t, p, sdk, "onMessageUpdated")
		k.alice.SendMessage(k.hers, "not yet: "+site.URL+"/film")
		p.set(object{"linkPreviews": "ENABLED"})
		for _, bad := range []string{"/loop", "/plain", "/endless", "/nothing"} {
			k.alice.SendMessage(k.hers, "hm: "+site.URL+bad)
		}
		sent := k.alice.SendMessage(k.hers, fmt.Sprintf("see %s/film and %s/nothing", site.URL, site.URL))

		check := func(where string, m linked) {
			t.Helper()
			if m.ID != sent.ID || m.LastEditedTime != "" || len(m.Links) != 2 || m.Links[0].Preview == nil || m.Links[1].Preview != nil {
				t.Fatalf("%s: %+v", where, m)
			}
			if is := m.Links[0].Preview; is.Title != "A film & more" || is.URL != site.URL+"/film" || is.Image.Source != site.URL+"/poster.png" ||
				is.Description != "About a cat" || is.SiteName != "Films" {
				t.Errorf("%s: %+v", where, is)
			}
		}
		check("bob hears", await[linked](k, "onMessageUpdated", 1, 0))
		for where, client := range map[string]*harness.Client{"alice sees": k.alice, "bob sees": k.bob} {
			check(where, page[linked](t, client.Must("listMessages", object{"channel": k.hers.Ref}))[0])
		}
		var shown linked
		p.rest.Must(&shown, http.MethodGet, fmt.Sprintf("/messages/%d", sent.ID), nil)
		check("on the Platform API", shown)

		other := k.alice.SendMessage(k.hers, "nothing yet")
		k.alice.Must("editMessage", object{"message": other.Ref, "body": "now " + site.URL + "/moved"})
		k.heard.On("onMessageUpdated").AwaitMatch(t, "the preview of an edited message", func(call harness.Call) bool {
			var m linked
			return call.Decode(0, &m) == nil && m.ID == other.ID && m.Links[0].Preview != nil && m.Links[0].Preview.URL == site.URL+"/film"
		})
		if bad := k.heard.On("onMessageUpdated").Len(); bad != 3 { // two previews and the edit
			t.Errorf("bob heard of %d updates", bad)
		}
	})
}

// The server asks nobody in its own neighbourhood, whatever he is called and
// whoever sends it there, but where that is allowed.
func TestLinksIntoTheServersNetwork(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		p.Stop()
		p.Server.Set("outbound.allowed_networks", "127.0.0.2/32")
		p.Start()
		p.set(object{"linkPreviews": "ENABLED"})
		inside, allowed := newWebsite(t, "127.0.0.1"), newWebsite(t, "127.0.0.2")
		allowed.redirect = inside.URL + "/film"
		_, port, err := net.SplitHostPort(inside.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		k := newTalk(t, p, sdk, "onMessageUpdated")
		// All are asked by one job, whose end is seen by what the last one says.
		k.alice.SendMessage(k.hers, fmt.Sprintf("%s/film http://localhost:%s/film http://[::ffff:127.0.0.1]:%s/film %s/elsewhere %s/film",
			inside.URL, port, port, allowed.URL, allowed.URL))
		m := await[linked](k, "onMessageUpdated", 1, 0)
		for i, link := range m.Links {
			if (link.Preview != nil) != (i == 4) {
				t.Errorf("the preview of %s: %+v", link.Source, link.Preview)
			}
		}
		if n := inside.asked.Load(); n != 0 || len(m.Links) != 5 {
			t.Errorf("the site within was asked %d times by %d links", n, len(m.Links))
		}
	})
}
