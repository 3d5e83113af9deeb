package bench

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/systest"
)

// agentsVariable names how many agents connect, 10,000 without it.
const agentsVariable = "KEYSHIFT_BENCH_AGENTS"

// perReplica is how many agents one replica has: a process may open 20,000 files here.
const perReplica = 17_000

// toldInASecond is how many agents the goal for the last push is meant for.
const toldInASecond = 10_000

// site is one replica with its share of the agents, which a process of their own plays.
type site struct {
	at     crowdHub
	hub    *program
	people *child
	first  int
	count  int
	config *systest.World
}

func BenchmarkScale(b *testing.B) {
	built(b)
	agents := 10_000
	if text := os.Getenv(agentsVariable); text != "" {
		var err error
		agents, err = strconv.Atoi(text)
		must(b, err)
	}
	c := newCompany(b, systest.Postgres(b, 1))
	c.members(agents)
	c.accounts(agents)
	c.leases(agents, 0)
	at := c.hub(0)
	c.Stop()
	var sites []*site
	for first := 0; first < agents; first += perReplica {
		sites = append(sites, newSite(b, c.World, at, len(sites), first, min(perReplica, agents-first)))
	}
	goals := []Goal{{Figure: "RSS per agent", AtMost: 20}, {Figure: "99 % back after a restart", AtMost: 60}, {Figure: "busiest second of it", AtMost: 3}}
	if agents <= toldInASecond {
		goals = append(goals, Goal{Figure: "last agent told after the commit", AtMost: 1})
	}
	Run(b, Case{
		Group: "Scale", Name: fmt.Sprintf("%d agents", agents), Rounds: 1,
		Note: fmt.Sprintf("Each agent has a real TLS connection with a stream, over loopback. %d replicas, each a process with at most %d agents, on one PostgreSQL with fsync; "+
			"the agents are processes with addresses of their own and share the processors with the hub. They have no keyring: its delay is 0 ms. "+
			"Revoking all ends one lease of each.", len(sites), perReplica),
		Goals:    goals,
		Subjects: []Subject{{Product, func() ([]Figure, error) { return scale(b, c, sites) }}},
	})
}

func newSite(b *testing.B, w *systest.World, at crowdHub, n, first, count int) *site {
	b.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0") // the replica has to come back at the same address
	must(b, err)
	at.Address, at.Source = free.Addr().String(), fmt.Sprintf("127.0.%d.1", 10+n)
	must(b, free.Close())
	s := &site{at: at, first: first, count: count, config: &systest.World{Config: w.Config}}
	s.config.Config.DataDir, s.config.Config.Listen = b.TempDir(), at.Address
	s.people = startChild(b, "crowd")
	s.hub, _ = startHub(b, hubBinary, s.config)
	return s
}

// everywhere does something at all sites at once.
func everywhere(sites []*site, do func(s *site) error) error {
	var group errgroup.Group
	for _, s := range sites {
		group.Go(func() error { return do(s) })
	}
	return group.Wait()
}

func scale(b *testing.B, c *company, sites []*site) ([]Figure, error) {
	agents := 0
	for _, s := range sites {
		agents += s.count
	}
	var figures []Figure
	for _, step := range []func(*testing.B, *company, []*site, int) ([]Figure, error){connectAll, revokeAll, syncAll, restartOne} {
		more, err := step(b, c, sites, agents)
		if err != nil {
			return nil, err
		}
		figures = append(figures, more...)
		fmt.Fprintf(os.Stderr, "%d agents: %v\n", agents, more) // a large run takes long, and may not come to its end
	}
	return figures, nil
}

// memory adds up what the replicas hold, in KiB.
func memory(b *testing.B, sites []*site) (sum float64, err error) {
	for _, s := range sites {
		rss, err := s.hub.settled(b.Context())
		if err != nil {
			return 0, err
		}
		sum += rss
	}
	return sum, nil
}

func connectAll(b *testing.B, _ *company, sites []*site, agents int) ([]Figure, error) {
	before, err := memory(b, sites)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := everywhere(sites, func(s *site) error { _, err := s.people.join(s.at, s.first, s.count); return err }); err != nil {
		return nil, err
	}
	took := time.Since(start)
	after, err := memory(b, sites)
	return []Figure{{"RSS per agent", "KiB", (after - before) / float64(agents)}, {"connections", "/s", float64(agents) / took.Seconds()}}, err
}

func revokeAll(b *testing.B, c *company, sites []*site, agents int) ([]Figure, error) {
	if err := everywhere(sites, func(s *site) error { _, err := s.people.asked(crowdQuestion{Forget: true}); return err }); err != nil {
		return nil, err
	}
	admin, err := hubclient.NewAdmin(hubclient.AdminConfig{Target: hubclient.Target{URL: "https://" + sites[0].at.Address, HubID: sites[0].at.HubID, TLSPin: sites[0].at.Pin}, Token: c.tokenSource()})
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	start := time.Now()
	answer, err := hubclient.Call(b.Context(), admin.Leases.Revoke, &v1.RevokeRequest{Target: &v1.RevokeRequest_All{All: true}, Reason: "press inquiry"})
	if err != nil {
		return nil, err
	}
	committed := time.Now()
	if answer.GetLeasesRevoked() != int64(agents) {
		return nil, fmt.Errorf("%d leases were revoked, want %d", answer.GetLeasesRevoked(), agents)
	}
	told, err := gather(sites, func(s *site) crowdQuestion { return crowdQuestion{Woken: s.count, Within: time.Minute} })
	if err != nil {
		return nil, err
	}
	last := time.Unix(0, slices.Max(told))
	return []Figure{
		{"revocation of all", "ms", float64(committed.Sub(start)) / float64(time.Millisecond)},
		{"last agent told after the commit", "s", max(last.Sub(committed).Seconds(), 0)},
	}, nil
}

// gather asks every site and puts the moments they tell together.
func gather(sites []*site, question func(s *site) crowdQuestion) (moments []int64, err error) {
	var mu sync.Mutex
	err = everywhere(sites, func(s *site) error {
		a, err := s.people.asked(question(s))
		mu.Lock()
		defer mu.Unlock()
		moments = append(moments, a.Woken...)
		return err
	})
	return moments, err
}

func syncAll(_ *testing.B, _ *company, sites []*site, agents int) ([]Figure, error) {
	var mu sync.Mutex
	var times []time.Duration
	start := time.Now()
	err := everywhere(sites, func(s *site) error {
		a, err := s.people.asked(crowdQuestion{Sync: 16})
		mu.Lock()
		defer mu.Unlock()
		times = append(times, a.Times...)
		return err
	})
	if err != nil {
		return nil, err
	}
	took := time.Since(start)
	return []Figure{
		{"syncs with a new connection each", "/s", float64(agents) / took.Seconds()},
		{"sync p50", "ms", Percentile(times, 50)}, {"sync p99", "ms", Percentile(times, 99)},
	}, nil
}

// restartOne stops one replica in order, starts it again, and looks at how its agents come back.
func restartOne(b *testing.B, _ *company, sites []*site, _ int) ([]Figure, error) {
	s := sites[0]
	if err := s.hub.end(); err != nil {
		return nil, err
	}
	back := make(chan error, 1)
	var a crowdAnswer
	go func() {
		var err error
		a, err = s.people.asked(crowdQuestion{Return: true, Within: 5 * time.Minute})
		back <- err
	}()
	s.hub, _ = startHub(b, hubBinary, s.config)
	ready := time.Now()
	if err := <-back; err != nil {
		return nil, err
	}
	slices.Sort(a.Woken)
	nearlyAll := time.Unix(0, a.Woken[len(a.Woken)*99/100-1]).Sub(ready).Seconds()
	return []Figure{{"99 % back after a restart", "s", nearlyAll}, {"busiest second of it", "x mean", busiest(a.Woken)}}, nil
}

// busiest compares the second with the most moments to the mean second, from the first moment to the last. The moments
// are sorted.
func busiest(moments []int64) float64 {
	seconds := map[int64]int{}
	for _, m := range moments {
		seconds[(m-moments[0])/int64(time.Second)]++
	}
	most := 0
	for _, n := range seconds {
		most = max(most, n)
	}
	span := (moments[len(moments)-1]-moments[0])/int64(time.Second) + 1
	return float64(most) * float64(span) / float64(len(moments))
}

func TestBusiestSecond(t *testing.T) {
	const s = int64(time.Second)
	for _, tt := range []struct {
		moments string
		want    float64
	}{{"0 1 2 3", 1}, {"0 0 1 2", 1.5}, {"0 0 0 5", 4.5}} {
		var moments []int64
		for word := range strings.FieldsSeq(tt.moments) {
			n, _ := strconv.ParseInt(word, 10, 64)
			moments = append(moments, n*s)
		}
		if got := busiest(moments); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.moments, got, tt.want)
		}
	}
}
