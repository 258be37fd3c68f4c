package imports_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/files"
	"github.com/purrchat/purr/internal/app/imports"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store/storetest"
)

// BenchmarkImportMessages imports messages of 50 users into 20 channels, each
// with a key of its own and 120 octets long; the time is that of one message.
func BenchmarkImportMessages(b *testing.B) {
	w := apptest.New(b, storetest.SQLite(b))
	w.Files.MaxSize = 1 << 40
	var channels []chat.ChannelID
	for k := range 20 {
		channels = append(channels, w.Channel(chat.Public, fmt.Sprint("room", k), w.User(fmt.Sprint("owner", k))).ID)
	}
	for k := range 50 {
		w.User(fmt.Sprint("user", k))
	}
	body := strings.Repeat("lorem ipsum ", 10)
	var text strings.Builder
	for k := range b.N {
		sign := byte(',')
		if k == 0 {
			sign = '['
		}
		text.WriteByte(sign)
		fmt.Fprintf(&text, `{"type":"TEXT","channelId":%d,"user":"user%d","body":%q,"idempotencyKey":"message-%d"}`,
			channels[k%len(channels)], k*7%50, body, k)
	}
	text.WriteByte(']')
	f, err := w.Files.Upload(b.Context(), w.Owner(), files.UploadInput{Name: "x", Bytes: strings.NewReader(text.String())})
	if err != nil {
		b.Fatal(err)
	}
	j, _, err := w.Imports.Begin(b.Context(), w.Owner(), imports.Input{Task: chat.ImportMessages, File: f})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := w.Imports.Run(b.Context(), w.App.ID, imports.Work{Job: j.ID}); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if j, err = w.Imports.Retrieve(b.Context(), w.Owner(), j.ID); err != nil || j.Progress.Processed != int64(b.N) || j.Progress.Failed > 0 {
		b.Fatal(j, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
