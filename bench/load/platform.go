package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// platform is a client of the Platform API, by which users, channels and
// members are made before clients connect.
type platform struct {
	base, token string
	client      *http.Client
}

func newPlatform(o *options) (*platform, error) {
	u, err := url.Parse(o.url)
	if err != nil {
		return nil, err
	}
	p := &platform{
		base:   strings.Replace(u.Scheme, "ws", "http", 1) + "://" + u.Host,
		client: &http.Client{Timeout: setUpTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 256}},
	}
	request, err := http.NewRequest(http.MethodPost, p.base+"/oauth/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(o.clientID, o.clientSecret)
	var token struct {
		AccessToken string `json:"access_token"`
	}
	err = p.do(request, &token)
	p.token = token.AccessToken
	return p, err
}

func (p *platform) post(path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPost, p.base+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+p.token)
	return p.do(request, into)
}

func (p *platform) do(request *http.Request, into any) error {
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: status %d: %.300s", request.Method, request.URL.Path, response.StatusCode, body)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}

// prepare makes the users, a channel for each room, and its members.
func (t *stompx) prepare(b *bench) error {
	p, err := newPlatform(&b.options)
	if err != nil {
		return err
	}
	began := time.Now()
	err = each(b.users, 32, func(i int) error {
		return p.post("/v1/users", map[string]any{"name": b.userName(i), "displayName": "Bench " + strconv.Itoa(i), "isGuest": false}, nil)
	})
	if err != nil {
		return err
	}
	t.channels = make([]string, len(b.members))
	err = each(len(b.members), 32, func(room int) (err error) {
		t.channels[room], err = t.makeChannel(b, p, room)
		return err
	})
	if err == nil {
		say("made %d users and %d channels in %.1f s", b.users, len(b.members), time.Since(began).Seconds())
	}
	return err
}

// makeChannel makes a direct channel for two members and a public one for more.
func (t *stompx) makeChannel(b *bench, p *platform, room int) (id string, err error) {
	ref := func(i int) map[string]any { return map[string]any{"username": b.userName(i)} }
	members := b.members[room]
	var made struct {
		ID int64 `json:"id"`
	}
	if len(members) == 2 {
		first, second := ref(members[0]), ref(members[1])
		err = p.post("/v1/channels", map[string]any{"type": "DIRECT", "creator": first, "members": []any{first, second}}, &made)
		return strconv.FormatInt(made.ID, 10), err
	}
	name := "bench-" + b.run + "-" + strconv.Itoa(room)
	if err := p.post("/v1/channels", map[string]any{"type": "PUBLIC", "name": name, "displayName": "Bench room"}, &made); err != nil {
		return "", err
	}
	id = strconv.FormatInt(made.ID, 10)
	workers := 1
	if len(b.members) < 8 {
		workers = 32
	}
	return id, each(len(members), workers, func(i int) error {
		return p.post("/v1/channels/"+id+"/members", ref(members[i]), nil)
	})
}

// each runs f for 0 to n-1, several at a time, and gives the first error.
func each(n, workers int, f func(i int) error) error {
	var all sync.WaitGroup
	next, failed := make(chan int), make(chan error, 1)
	for range min(workers, n) {
		all.Go(func() {
			for i := range next {
				if err := f(i); err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			}
		})
	}
	for i := 0; i < n && len(failed) == 0; i++ {
		next <- i
	}
	close(next)
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}
