package rest_test

import "testing"

// TestNotifications lists what users who were never there have been told of.
func TestNotifications(t *testing.T) {
	t.Parallel()
	s := stocked(start(t))
	in := path("/channels/%d/messages", s.square)
	s.do("POST", in, object{"type": "TEXT", "body": "for all"}).ok()
	s.do("POST", in, object{"type": "TEXT", "body": "<@alice>, see <#square>", "user": object{"username": "bob"}}).ok()
	list := path("/users/%d/notifications", s.alice)
	d := s.do("GET", list+"?size=2", nil).ok()
	first := d.at("_embedded", "notifications", 0)
	if first.text("data", "type") == "" || first.at("channel", "_links").value != nil || first.text("_links", "recipient", "href") == "" {
		t.Errorf("incomplete: %v", first.value)
	}
	total := 0
	for href := d.link("self"); href != ""; {
		d = s.follow(href).ok()
		total += len(d.at("_embedded", "notifications").value.([]any))
		href = d.link("next")
	}
	if total < 3 {
		t.Errorf("%d notifications", total)
	}
	for target, status := range map[string]int{
		path("/users/%d/notifications", 99): 404, list + "?relation=SIDEWAYS": 400, list + "?relation=NEXT": 400, list + "?start=x": 400,
	} {
		if a := s.do("GET", target, nil); a.status != status {
			t.Errorf("%s: %d, want %d", target, a.status, status)
		}
	}
}
