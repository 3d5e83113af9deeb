package bench

import (
	"os"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/systest"
)

// Where `make build` puts the programs, from this package.
const (
	hubBinary   = "../../bin/keyshift-hub"
	agentBinary = "../../bin/keyshift-agent"
)

// built refuses to measure old programs.
func built(b *testing.B) {
	b.Helper()
	for _, binary := range []string{hubBinary, agentBinary} {
		if _, err := os.Stat(binary); err != nil {
			b.Fatalf("%v: make build goes before", err)
		}
	}
}

func BenchmarkHubMemory(b *testing.B) {
	built(b)
	b.Run("idle", func(b *testing.B) {
		w := systest.SQLite(b)
		w.Stop()
		Run(b, Case{
			Group: "Hub memory", Name: "idle", Note: "The program, started on an empty SQLite database and left alone.",
			Goals:    []Goal{{Figure: "RSS", AtMost: 40}},
			Subjects: []Subject{{Product, func() ([]Figure, error) { return idleMemory(b, w) }}},
		})
	})
	b.Run("stored leases", func(b *testing.B) { storedLeases(b) })
	b.Run("connected agents", func(b *testing.B) { connectedAgents(b, 2000) })
}

func idleMemory(b *testing.B, w *systest.World) ([]Figure, error) {
	hub, _ := startHub(b, hubBinary, w)
	defer hub.stop()
	rss, err := hub.settled(b.Context())
	return []Figure{{"RSS", "MiB", rss / 1024}}, err
}

// storedLeases compares a hub with 100,000 leases to one with 1,000, after both were asked for news.
func storedLeases(b *testing.B) {
	worlds := map[int]*systest.World{}
	for _, n := range []int{1000, 100_000} {
		c := newCompany(b, systest.SQLite(b))
		c.members(n)
		c.accounts(n)
		c.leases(n, 0)
		c.Stop()
		worlds[n] = c.World
	}
	Run(b, Case{
		Group: "Hub memory", Name: "100,000 stored leases", Note: "The floor is the same hub with 1,000 live leases.",
		Goals: []Goal{{Figure: "RSS", AtMost: 1.1, Of: Floor}},
		Subjects: []Subject{
			{Product, func() ([]Figure, error) { return idleMemory(b, worlds[100_000]) }},
			{Floor, func() ([]Figure, error) { return idleMemory(b, worlds[1000]) }},
		},
	})
}

func connectedAgents(b *testing.B, n int) {
	c := newCompany(b, systest.SQLite(b))
	c.members(warmUp + n)
	at := c.hub(0)
	c.Stop()
	product := func() ([]Figure, error) {
		hub, url := startHub(b, hubBinary, c.World)
		defer hub.stop()
		at.Address = url[len("https://"):]
		return perConnection(b, hub, at, n)
	}
	floor := func() ([]Figure, error) {
		server := startChild(b, "stream")
		defer server.stop()
		var at crowdHub
		if err := server.answer.Decode(&at); err != nil {
			return nil, err
		}
		return perConnection(b, &server.program, at, n)
	}
	Run(b, Case{
		Group: "Hub memory", Name: "per connected agent",
		Note:     "2,000 agents with a TLS connection and a stream each. The floor is a bare net/http server with TLS whose handler holds a stream.",
		Goals:    []Goal{{Figure: "RSS per agent", AtMost: 1, Of: Floor}},
		Subjects: []Subject{{Product, product}, {Floor, floor}},
	})
}

// warmUp are the agents that connect before the memory is looked at: what they need once is not counted for each.
const warmUp = 500

// perConnection measures what a server grows by when a crowd connects.
func perConnection(b *testing.B, server *program, at crowdHub, n int) ([]Figure, error) {
	at.Source = "127.0.9.1"
	people := startChild(b, "crowd")
	defer people.stop()
	if _, err := people.join(at, 0, warmUp); err != nil {
		return nil, err
	}
	before, err := server.settled(b.Context())
	if err != nil {
		return nil, err
	}
	took, err := people.join(at, warmUp, n)
	if err != nil {
		return nil, err
	}
	after, err := server.settled(b.Context())
	return []Figure{{"RSS per agent", "KiB", (after - before) / float64(n)}, {"connections", "/s", float64(n) / took.Seconds()}}, err
}
