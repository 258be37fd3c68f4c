package rest_test

import "testing"

func TestSettings(t *testing.T) {
	t.Parallel()
	c := start(t)
	for _, base := range []string{"", "/v1", path("/v1/applications/%d", c.app.ID)} {
		d := c.under(base).do("GET", "/application/settings", nil).ok()
		if d.text("guestUsers") != "ENABLED" || d.text("userCreatedChannels") != "ENABLED" || d.text("readOnDelivery") != "DISABLED" ||
			d.text("linkPreviews") != "DISABLED" {
			t.Errorf("under %q: %v", base, d.value)
		}
		if again := c.follow(d.link("self")).ok(); again.text("guestUsers") != "ENABLED" {
			t.Errorf("self leads to %v", again.value)
		}
	}
	d := c.do("PUT", "/application/settings", object{"guestUsers": "DISABLED", "userCreatedChannels": "ENABLED"}).ok()
	if d.text("guestUsers") != "DISABLED" || d.text("userCreatedChannels") != "ENABLED" {
		t.Errorf("changed: %v", d.value)
	}
	d = c.do("PUT", "/application/settings", object{"user_created_channels": "DISABLED", "link_previews": "ENABLED"}, "Accept", kitty, "Content-Type", kitty).ok()
	if d.text("guest_users") != "DISABLED" || d.text("user_created_channels") != "DISABLED" || d.text("link_previews") != "ENABLED" ||
		d.text("read_on_delivery") != "DISABLED" {
		t.Errorf("changed in the other spelling: %v", d.value)
	}
	for _, body := range []any{
		nil, "", "[]", "{", object{"guestUsers": "YES"}, object{"guestUsers": true}, object{"guestUsers": nil}, object{"linkPreviews": "enabled"},
		object{"guestUsers": "ENABLED", "guest_users": "DISABLED"}, object{"guestUsers": "ENABLED", "readOnDelivery": ""},
	} {
		c.do("PUT", "/application/settings", body).refused(400, 415)
	}
	if d := c.do("PUT", "/application/settings", object{"guestUsers": "YES"}).refused(400); d.text("error") != "InvalidRequestError" {
		t.Errorf("refused with %v", d.value)
	}
	if again := c.do("GET", "/application/settings", nil).ok(); again.text("guestUsers") != "DISABLED" || again.text("readOnDelivery") != "DISABLED" {
		t.Errorf("a refused change has changed: %v", again.value)
	}
	c.do("PATCH", "/application/settings", object{}).refused(405)
}
