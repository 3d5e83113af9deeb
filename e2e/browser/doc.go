// Package browser tells stories over the real programs and real browsers: hub, agent with its native host, keyring, the
// extension as it is built for people, Chromium and Firefox; only the networks are replicas (internal/replica). What is seen
// here was seen on replicas, and not on the networks.
//
// There is one company for all stories: a hub, its owner Alice, and for each kind of browser a desk of Dana with a keyring,
// an agent, and browsers that the agent starts. A story ends with everything given back.
//
// Pictures of what was seen are written below build/screenshots. The long form, with every variant of every log-in,
// and the user's own profile in Firefox, runs when KEYSHIFT_SOAK is set; otherwise one of them is tried, and the own profile
// in Chromium.
package browser
