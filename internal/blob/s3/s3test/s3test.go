// Package s3test gives tests an object storage that speaks S3.
//
// By default it is a server of the test's own, within the process but with a
// real socket. PURR_TEST_S3 names another, with a bucket that exists:
// http://ACCESS:SECRET@127.0.0.1:9000/bucket?region=us-east-1
package s3test

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/purrchat/purr/internal/blob/s3"
	"github.com/purrchat/purr/internal/kit/clock"
)

// Variable names the environment variable with the address of a storage.
const Variable = "PURR_TEST_S3"

// Start gives a storage that is empty but for what others keep under other
// prefixes. It lasts as long as the test.
func Start(tb testing.TB) s3.Options {
	tb.Helper()
	if given := os.Getenv(Variable); given != "" {
		return named(tb, given)
	}
	return Behind(tb, func(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) })
}

// Behind gives a storage of the test's own, whose requests pass a function.
func Behind(tb testing.TB, pass func(w http.ResponseWriter, r *http.Request, next http.Handler)) s3.Options {
	tb.Helper()
	storage := handler(tb)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { pass(w, r, storage) }))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // it complains of whoever leaves early
	server.Start()
	tb.Cleanup(server.Close)
	o := own
	o.Endpoint, o.Scratch, o.Clock = server.URL, tb.TempDir(), clock.Real()
	return o
}

// named is the storage of an address.
func named(tb testing.TB, address string) s3.Options {
	tb.Helper()
	u, err := url.Parse(address)
	if err != nil || u.User == nil || strings.Trim(u.Path, "/") == "" {
		tb.Fatalf("%s: want http://ACCESS:SECRET@HOST/BUCKET?region=REGION", Variable)
	}
	secret, _ := u.User.Password()
	region := u.Query().Get("region")
	if region == "" {
		region = own.Region
	}
	return s3.Options{
		Endpoint: u.Scheme + "://" + u.Host, Bucket: strings.Trim(u.Path, "/"), Region: region,
		AccessKey: u.User.Username(), SecretKey: secret, Addressing: s3.Path,
		Prefix: "test-" + strings.ToLower(rand.Text()) + "/", Scratch: tb.TempDir(), Clock: clock.Real(),
	}
}

// own is what our own server lets in.
var own = s3.Options{
	Bucket: "purr-files", Region: "us-east-1", AccessKey: "purr", SecretKey: "correct horse", Addressing: s3.Path, Prefix: "files/",
}

// handler is the server itself. It has one bucket, and lets in whoever names the
// right access key; signatures are not checked.
func handler(tb testing.TB) http.Handler {
	tb.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket(own.Bucket); err != nil {
		tb.Fatal(err)
	}
	inner := gofakes3.New(backend).Server()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Authorization"), "Credential="+own.AccessKey+"/") {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "<Error><Code>InvalidAccessKeyId</Code><Message>there is no such key</Message></Error>")
			return
		}
		inner.ServeHTTP(w, r)
	})
}
