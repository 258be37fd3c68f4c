// Package harness is what the end-to-end tests are told with. It builds the
// real binary and runs it as an operator would, drives the published client
// and server SDKs through a Node.js process, and brings the few instruments
// for what no SDK can do on purpose: a proxy that cuts connections, a proxy
// that refuses transports, a bare STOMP client for rude or hurried guests, and
// a look into the database.
//
// Nothing here knows the server's Go packages. A test that passes says
// something about the program that is shipped.
//
// Helpers that take a testing.TB end the test when something is wrong and may
// therefore be called from the test's own goroutine only; those that return an
// error may be called from anywhere.
package harness

import "time"

// Patience bounds every wait for something that should happen at once. It is
// generous because tests run side by side on small machines; a passing test
// never comes near it.
const Patience = 20 * time.Second

// ProcessPatience bounds waits for a process to start, to end or to do what it
// was run for. Machines on which many things are built at once need a while to
// load a program.
const ProcessPatience = 2 * time.Minute

// ReconnectPatience bounds waits that include a reconnect of an SDK, which
// waits five seconds before it tries again.
const ReconnectPatience = 40 * time.Second
