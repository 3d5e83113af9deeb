// Package simulation holds tests that run a whole company in one thread: a real hub on a real database, real agents, and
// between them a world that can do to them whatever the threat model says may happen. There is nothing here but tests.
//
// # The world
//
// A world has one hub, a few desks with an agent each, a network, and time, which passes only when the world says so
// (testing/synctest). Every part is moved by calls: the agents by [agent.Steps], the hub by the methods that its Run
// would call. Whoever waits for an answer lets the world go on meanwhile, so that things overlap although there is one
// thread. What is drawn is drawn from one seed: the same seed gives the same history, to the letter.
//
// What can fail does: a process dies before or after any write, any call of the keyring, any message sent or received; a
// power cut also takes what was not synced; messages are lost, late, doubled, and come again much later; clocks are
// turned, computers sleep, keyrings are locked or lie. Afterwards the world calms down, and everything has to heal.
//
// # The two tests
//
// TestSimulation lets chance act and checks the invariants of docs/threat-model.md after each act. TestModel (with
// rapid) also says beforehand what must come of an act, from a small model of the promises that knows nothing of the code.
//
// One seed:  go test ./internal/simulation -run TestSimulation -seeds 1 -from 42 -v
// Many:      go test ./internal/simulation -run TestSimulation -seeds 100000 -from 1000 -timeout 0
// More of the model:  go test ./internal/simulation -run TestModel -rapid.checks 5000
// Both for an hour:   make soak SOAK=1h ONLY="simulation model"
package simulation
