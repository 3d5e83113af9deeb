// Package browser tells stories over the real programs and real browsers: hub, agent with its native host, keyring, the
// extension as it is built for people, Chromium and Firefox; only the networks are replicas (internal/replica). What is seen
// here was seen on replicas, and not on the networks.
//
// For each kind of browser there is one company for all stories: a hub, its owner Alice, and a desk of Dana with a keyring, an
// agent, and browsers that the agent starts. A story ends with everything given back. The companies of the two kinds share
// nothing but what was built, and work at the same time.
//
// Every variant of every log-in is tried in one browser of Dana's own, a page for each ([desk.generations]). The long form, each
// of them from check-out to check-in in a work browser of its own, and the user's own profile in Firefox, runs when KEYSHIFT_SOAK is
// set; otherwise the own profile is tried in Chromium.
//
// Pictures of what was seen are written below build/screenshots.
package browser
