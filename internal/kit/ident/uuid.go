package ident

import (
	"crypto/rand"
	"fmt"
)

// UUID makes a random UUID (RFC 9562 version 4), for names that others shall not
// guess and that no order is expected of.
func UUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
