// Package serve wires a node: it builds every part from a configuration, hands
// each what it needs, starts them in order and stops them in the reverse one.
// It is the only package that knows all others; nothing but the command line
// and tests imports it.
package serve
