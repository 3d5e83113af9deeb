// Package keyshift is the domain: the nouns of lending social-media accounts for one working session at a time, their
// states, their rules and the errors that people and programs see.
//
// A hub knows [User]s, their [Device]s, the company's [Account]s and who holds a [Grant] on which. Checking an account
// out makes a [Lease]; what happens after its end is a [Removal]. Every effect leaves an [AuditEvent].
//
// The package knows no clock, no network and no database: time comes in as an argument, and everything here can be
// tested with plain values. Times are kept to the microsecond, which is what the hub stores.
package keyshift
