// Package archtest holds the rules of this repository that a compiler does not check, as tests: who may import whom,
// what only main programs may do, which words name things, and how long a file may be.
//
// The rules are tables, and each has its reason, which is what a failure prints. To allow an exception, change
// the table and its reason; there is no comment that switches a rule off. Each checker is itself tested on
// source that breaks its rule.
package archtest
