// Package jobs does durable work: what has to happen after a change though the
// process may die in between. A deed writes a [store.Job] in the transaction of
// its change; a [Runner] of some node finds it, does it, and tries again where
// it failed.
//
// A job is done at least once. A node leases the jobs it works on and prolongs
// their leases while it does; what a dead node left behind falls due again when
// its lease runs out. A worker must therefore be able to repeat what it did.
//
// A Runner also calls housekeeping at intervals, see [Runner.Every].
//
// Its owner starts and stops a Runner once; Wake may be called by anybody at any
// time. The package knows no kind of job: the wiring hands in a [Worker] for
// each.
package jobs
