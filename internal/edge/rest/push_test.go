package rest_test

import "testing"

func TestDevicesOfUsers(t *testing.T) {
	t.Parallel()
	c := start(t)
	ann := c.createUser("ann")
	devices := path("/users/%d/devices", ann)
	made := c.do("POST", devices, object{"kind": "WEBHOOK", "token": "phone"}).ok()
	if made.text("kind") != "WEBHOOK" || made.text("token") != "phone" || made.text("registeredTime") == "" {
		t.Errorf("made %v", made.value)
	}
	apple := c.do("POST", devices, object{
		"kind": "APNS", "token": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "topic": "org.example.chat", "environment": "SANDBOX",
	}, "Accept", kitty).ok()
	if apple.text("topic") != "org.example.chat" || apple.text("registered_time") == "" {
		t.Errorf("made %v", apple.value)
	}
	for _, accept := range []string{"application/json", kitty} {
		list := c.do("GET", devices, nil, "Accept", accept).ok()
		if list.number("page", "size") == 0 || len(list.at("_embedded", "devices").value.([]any)) != 2 {
			t.Errorf("listed %v", list.value)
		}
	}
	c.do("DELETE", path("%s/%d", devices, made.id()), nil).ok()
	c.do("DELETE", path("%s/%d", devices, made.id()), nil).refused(404)
	c.do("DELETE", devices+"/x", nil).refused(404)
	c.do("GET", "/users/1/devices", nil).refused(404)
	for _, body := range []object{
		{}, {"kind": "PIGEON"}, {"kind": 1}, {"kind": "WEB_PUSH", "endpoint": "https://x.example", "keys": "x"},
		{"kind": "WEB_PUSH", "endpoint": "https://x.example"}, {"kind": "FCM", "token": "?"}, {"kind": "APNS"},
	} {
		c.do("POST", devices, body).refused(400)
	}
}

func TestPushPreferences(t *testing.T) {
	t.Parallel()
	c := start(t)
	ann := c.createUser("ann")
	room := c.createChannel("PUBLIC", "room", ann)
	preferences := path("/users/%d/push-preferences", ann)
	if p := c.do("GET", preferences, nil).ok(); p.has("quietHours") {
		t.Errorf("at first: %v", p.value)
	}
	set := c.do("PUT", preferences, object{
		"quietHours": object{"start": "22:00", "end": "07:00", "timeZone": "Europe/Berlin"},
		"channels":   []any{object{"channelId": room, "push": "MENTIONS"}},
	}).ok()
	if set.text("quietHours", "end") != "07:00" || set.number("channels", 0, "channelId") != room {
		t.Errorf("set: %v", set.value)
	}
	if p := c.do("GET", preferences, nil, "Accept", kitty).ok(); p.text("quiet_hours", "time_zone") != "Europe/Berlin" || p.text("channels", 0, "push") != "MENTIONS" {
		t.Errorf("kept: %v", p.value)
	}
	if p := c.do("PUT", preferences, object{"quiet_hours": nil}).ok(); p.has("quietHours") || !p.has("channels", 0) {
		t.Errorf("without quiet hours: %v", p.value)
	}
	for _, body := range []any{
		"[]", object{"quietHours": "always"}, object{"quietHours": object{"start": "22:00"}}, object{"channels": object{}},
		object{"channels": []any{1}}, object{"channels": []any{object{"channelId": "x"}}}, object{"channels": []any{object{"channelId": room, "push": "SOME"}}},
	} {
		c.do("PUT", preferences, body).refused(400)
	}
	c.do("PUT", preferences, object{"channels": []any{object{"channelId": 1, "push": "NONE"}}}).refused(404)
}

func TestPushCredentials(t *testing.T) {
	t.Parallel()
	c := start(t)
	const all = "/application/push-credentials"
	made := c.do("PUT", all+"/WEB_PUSH", object{"subject": "mailto:ops@cats.example"}).ok()
	if made.text("publicKey") == "" || made.has("privateKey") {
		t.Errorf("made %v", made.value)
	}
	c.do("PUT", all+"/WEBHOOK", object{"url": "https://cats.example/hook", "secret": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}, "Content-Type", kitty).ok()
	list := c.do("GET", all, nil, "Accept", kitty).ok()
	if list.text("_embedded", "credentials", 0, "url") != "https://cats.example/hook" || list.text("_embedded", "credentials", 1, "public_key") != made.text("publicKey") ||
		list.has("_embedded", "credentials", 0, "secret") {
		t.Errorf("listed %v", list.value)
	}
	c.do("DELETE", all+"/WEBHOOK", nil).ok()
	c.do("DELETE", all+"/WEBHOOK", nil).refused(404)
	c.do("PUT", all+"/PIGEON", object{}).refused(404)
	for kind, body := range map[string]object{
		"WEB_PUSH": {"privateKey": "x"}, "FCM": {"serviceAccount": object{}}, "APNS": {"keyId": "x"}, "WEBHOOK": {"url": 1},
	} {
		c.do("PUT", all+"/"+kind, body).refused(400)
	}
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	c := start(t)
	ann, bob := c.createUser("ann"), c.createUser("bob")
	room := c.createChannel("PUBLIC", "room", ann)
	message := c.sendMessage(room, "hello")
	told := c.do("GET", path("/messages/%d/deliveries/%d", message, ann), nil).ok()
	if told.text("reason") != "NO_DEVICE" || told.text("notifications", 0, "type") != "SYSTEM:SENT:MESSAGE" || told.number("devices") != 0 {
		t.Errorf("ann: %v", told.value)
	}
	if again := c.follow(told.link("self"), "Accept", kitty).ok(); again.text("reason") != "NO_DEVICE" {
		t.Errorf("self leads to %v", again.value)
	}
	if told := c.do("GET", path("/messages/%d/deliveries/%d", message, bob), nil).ok(); told.text("reason") != "NOT_A_MEMBER" {
		t.Errorf("bob: %v", told.value)
	}
	c.do("GET", path("/messages/1/deliveries/%d", bob), nil).refused(404)
	c.do("GET", path("/messages/%d/deliveries/1", message), nil).refused(404)
}
