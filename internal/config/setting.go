package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// setting is one field of a Config, found by reflection.
type setting struct {
	key    string // as in the file, with dots between the levels
	doc    string
	secret string // "url" where its password must not be shown, "all" where nothing may
	value  reflect.Value
}

// settings lists the fields of c in the order they are declared.
func settings(c *Config) []setting {
	return walk("", reflect.ValueOf(c).Elem())
}

func walk(prefix string, v reflect.Value) []setting {
	var all []setting
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		key := prefix + tag.Get("key")
		doc, leaf := tag.Lookup("doc")
		if !leaf {
			all = append(all, walk(key+".", v.Field(i))...)
			continue
		}
		all = append(all, setting{key: key, doc: doc, secret: tag.Get("secret"), value: v.Field(i)})
	}
	return all
}

// variable is the name in the environment.
func (s setting) variable() string {
	return environmentPrefix + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_"))
}

// set reads the value from text, the same way wherever the text came from.
func (s setting) set(text string) error {
	switch p := s.value.Addr().Interface().(type) {
	case *string:
		*p = text
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is no whole number", text)
		}
		*p = n
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is no duration such as 15s or 2m", text)
		}
		*p = d
	case *Bytes:
		b, err := ParseBytes(text)
		if err != nil {
			return err
		}
		*p = b
	case *slog.Level:
		if err := p.UnmarshalText([]byte(text)); err != nil {
			return fmt.Errorf("%q is none of debug, info, warn, error", text)
		}
	default:
		panic(fmt.Sprintf("config: %s has type %T, which nobody has taught it to read", s.key, p))
	}
	return nil
}

// text is the value as one would write it.
func (s setting) text() string {
	switch v := s.value.Interface().(type) {
	case string:
		return v
	case time.Duration:
		return durationText(v)
	case slog.Level:
		return strings.ToLower(v.String())
	default:
		return fmt.Sprint(v)
	}
}

// notShown stands for what is secret.
const notShown = "(not shown)"

// shown is the value as it may be shown to anybody who looks on.
func (s setting) shown() string {
	text := s.text()
	switch {
	case s.secret == "" || text == "":
		return text
	case s.secret == "all":
		return notShown
	}
	u, err := url.Parse(text)
	if err != nil || strings.Contains(text, ",") {
		return notShown // several hosts: no telling where a password hides
	}
	// libpq also takes the password from the query.
	if q := u.Query(); q.Has("password") {
		q.Set("password", "xxxxx")
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}

// durationText drops the zeros with which the standard library ends: 2m0s.
func durationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
