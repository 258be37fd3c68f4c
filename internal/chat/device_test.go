package chat_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

func TestDevicesAreChecked(t *testing.T) {
	t.Parallel()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, auth := base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), base64.RawURLEncoding.EncodeToString(make([]byte, 16))
	browser := chat.Device{Kind: chat.WebPush, Address: "https://push.example/x?y", P256dh: public, Auth: auth}
	apple := chat.Device{Kind: chat.APNS, Address: strings.Repeat("0aF9", 16), Topic: "org.example.Chat-2", Environment: chat.APNSSandbox}
	google := chat.Device{Kind: chat.FCM, Address: "dQw4w9WgXcQ:APA91b_-0123456789"}
	hook := chat.Device{Kind: chat.Webhook, Address: "phone of ünal"}
	padded := browser
	padded.P256dh, padded.Auth = public+"=", auth+"=="
	for _, d := range []chat.Device{browser, padded, apple, google, hook} {
		if err := chat.CheckDevice(d); err != nil {
			t.Errorf("%s: %v", d.Kind, err)
		}
	}
	change := func(d chat.Device, how func(*chat.Device)) chat.Device {
		how(&d)
		return d
	}
	for _, c := range []struct {
		field string
		d     chat.Device
	}{
		{"kind", chat.Device{Kind: "PIGEON", Address: "x"}},
		{"kind", chat.Device{}},
		{"endpoint", change(browser, func(d *chat.Device) { d.Address = "" })},
		{"endpoint", change(browser, func(d *chat.Device) { d.Address = "http://push.example" })},
		{"endpoint", change(browser, func(d *chat.Device) { d.Address = "https://" })},
		{"endpoint", change(browser, func(d *chat.Device) { d.Address = "https://u:p@push.example" })},
		{"endpoint", change(browser, func(d *chat.Device) { d.Address = "https://push.example/" + strings.Repeat("x", 2048) })},
		{"endpoint", change(browser, func(d *chat.Device) { d.Address = "https://push.example/\x00" })},
		{"keys.p256dh", change(browser, func(d *chat.Device) { d.P256dh = "" })},
		{"keys.p256dh", change(browser, func(d *chat.Device) { d.P256dh = "A" + public[1:] })},
		{"keys.p256dh", change(browser, func(d *chat.Device) { d.P256dh = "%" })},
		{"keys.auth", change(browser, func(d *chat.Device) { d.Auth = auth[2:] })},
		{"keys.auth", change(browser, func(d *chat.Device) { d.Auth = "" })},
		{"token", change(google, func(d *chat.Device) { d.Address = "short" })},
		{"token", change(google, func(d *chat.Device) { d.Address = strings.Repeat("x", 30) + " " })},
		{"token", change(google, func(d *chat.Device) { d.Address = strings.Repeat("x", 2049) })},
		{"token", change(apple, func(d *chat.Device) { d.Address = strings.Repeat("0", 63) })},
		{"token", change(apple, func(d *chat.Device) { d.Address = strings.Repeat("g", 64) })},
		{"topic", change(apple, func(d *chat.Device) { d.Topic = "" })},
		{"topic", change(apple, func(d *chat.Device) { d.Topic = "a\r\nb" })},
		{"environment", change(apple, func(d *chat.Device) { d.Environment = "" })},
		{"token", change(hook, func(d *chat.Device) { d.Address = "" })},
		{"token", change(hook, func(d *chat.Device) { d.Address = "\xff" })},
	} {
		var refused *chat.Error
		if err := chat.CheckDevice(c.d); !errors.As(err, &refused) || refused.Code != chat.Invalid || refused.Field != c.field {
			t.Errorf("%+v: %v, want a fault of %s", c.d, err, c.field)
		}
	}
}

func TestQuietHours(t *testing.T) {
	t.Parallel()
	night := chat.QuietHours{Start: chat.ParseClock("22:00"), End: chat.ParseClock("07:30"), TimeZone: "Europe/Berlin"}
	noon := chat.QuietHours{Start: chat.ParseClock("12:00"), End: chat.ParseClock("13:00"), TimeZone: "UTC"}
	at := func(text string) time.Time {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, c := range []struct {
		hours     chat.QuietHours
		now, ends string
	}{
		{night, "2026-01-10T20:59:59Z", ""},
		{night, "2026-01-10T21:00:00Z", "2026-01-11T06:30:00Z"},
		{night, "2026-01-11T06:29:59Z", "2026-01-11T06:30:00Z"},
		{night, "2026-01-11T06:30:00Z", ""},
		// The clocks go forward in this night, and end the hours earlier.
		{night, "2026-03-28T22:00:00Z", "2026-03-29T05:30:00Z"},
		{night, "2026-12-31T23:30:00Z", "2027-01-01T06:30:00Z"},
		{noon, "2026-01-10T11:59:00Z", ""},
		{noon, "2026-01-10T12:30:00Z", "2026-01-10T13:00:00Z"},
		{noon, "2026-01-10T13:00:00Z", ""},
	} {
		want := time.Time{}
		if c.ends != "" {
			want = at(c.ends)
		}
		if got := c.hours.EndAfter(at(c.now)); !got.Equal(want) {
			t.Errorf("at %s they end at %s, want %s", c.now, got, want)
		}
	}
	for field, q := range map[string]chat.QuietHours{
		"quietHours.start":    {Start: chat.ParseClock("24:00"), End: 1, TimeZone: "UTC"},
		"quietHours.end":      {Start: 1, End: chat.ParseClock("7:00"), TimeZone: "UTC"},
		"quietHours.timeZone": {Start: 1, End: 2, TimeZone: "Moon/Tranquility"},
	} {
		var refused *chat.Error
		if err := chat.CheckQuietHours(q); !errors.As(err, &refused) || refused.Field != field {
			t.Errorf("%+v: %v, want a fault of %s", q, err, field)
		}
	}
	if err := chat.CheckQuietHours(night); err != nil || chat.Clock(night.End) != "07:30" {
		t.Errorf("%v, ends %s", err, chat.Clock(night.End))
	}
}
