package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Bytes is a size that people write as 512KiB or 4MiB.
type Bytes int64

// The units that sizes are written in. They are the binary ones; MB is read as
// MiB, because nobody who writes it here means anything else.
const (
	KiB Bytes = 1 << 10
	MiB Bytes = 1 << 20
	GiB Bytes = 1 << 30
)

// String writes the size in the largest unit that divides it.
func (b Bytes) String() string {
	switch {
	case b != 0 && b%GiB == 0:
		return strconv.FormatInt(int64(b/GiB), 10) + "GiB"
	case b != 0 && b%MiB == 0:
		return strconv.FormatInt(int64(b/MiB), 10) + "MiB"
	case b != 0 && b%KiB == 0:
		return strconv.FormatInt(int64(b/KiB), 10) + "KiB"
	}
	return strconv.FormatInt(int64(b), 10)
}

// ParseBytes reads a whole number with an optional unit, in any case and with
// or without a blank between them: 1048576, 1MiB, 1 mb.
func ParseBytes(text string) (Bytes, error) {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	var unit Bytes
	switch strings.ToLower(text[len(digits):]) {
	case "", "b":
		unit = 1
	case "k", "kb", "kib":
		unit = KiB
	case "m", "mb", "mib":
		unit = MiB
	case "g", "gb", "gib":
		unit = GiB
	default:
		return 0, fmt.Errorf("%q is no size such as 512KiB or 4MiB", text)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
	if err != nil || n < 0 || n > int64(1<<62/unit) {
		return 0, fmt.Errorf("%q is no size such as 512KiB or 4MiB", text)
	}
	return Bytes(n) * unit, nil
}
