// Package wire is how every entity looks from outside: as HAL for the Platform
// API, and with relays, topics, actions and streams for the client protocol.
// All doors encode with it, so that a user or a message looks the same
// wherever it is shown.
//
// Encoders append JSON to a byte slice and never fail. They are pure: a Style
// is a value that any number of goroutines may use.
package wire
