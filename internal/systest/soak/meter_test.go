package soak

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/systest/realhub"
)

// meter takes samples of what the processes use. A figure is flat if its median in the last quarter is within a quarter
// and a little of that in the second.
type meter struct {
	mu      sync.Mutex
	figures map[string]*figure
	order   []string
}

// figure is one thing over time. slack is the little: what may come and go without meaning anything.
type figure struct {
	samples []float64
	slack   float64
	unit    string
}

const tolerance = 0.25

func newMeter() *meter { return &meter{figures: map[string]*figure{}} }

func (m *meter) take(name, unit string, slack, value float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.figures[name]
	if f == nil {
		f = &figure{slack: slack, unit: unit}
		m.figures[name] = f
		m.order = append(m.order, name)
	}
	f.samples = append(f.samples, value)
}

func (m *meter) last(name string) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f := m.figures[name]; f != nil {
		return f.samples[len(f.samples)-1]
	}
	return 0
}

// most is the highest sample of a figure.
func (m *meter) most(name string) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Max(append([]float64{0}, m.figures[name].samples...))
}

func median(samples []float64) float64 {
	sorted := slices.Sorted(slices.Values(samples))
	return sorted[len(sorted)/2]
}

// quarters gives the medians of the second and of the last quarter.
func (f *figure) quarters() (second, last float64) {
	n := len(f.samples)
	return median(f.samples[n/4 : n/2]), median(f.samples[n*3/4:])
}

func (f *figure) flat() bool {
	second, last := f.quarters()
	return last <= second*(1+tolerance)+f.slack
}

// few is how many samples say nothing.
const few = 12

// judge writes a table of all figures, and gives the names of those that grew.
func (m *meter) judge() (table string, grew []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%-28s %12s %12s %12s\n", "", "2nd quarter", "last quarter", "most")
	for _, name := range m.order {
		f := m.figures[name]
		if len(f.samples) < few {
			continue
		}
		second, last := f.quarters()
		fmt.Fprintf(&b, "%-28s %9.0f %-3s %8.0f %-3s %8.0f %-3s\n", name, second, f.unit, last, f.unit, slices.Max(f.samples), f.unit)
		if !f.flat() {
			grew = append(grew, name)
		}
	}
	return b.String(), grew
}

const mib = 1 << 20

// watch takes a sample every second until ctx ends. Devices go from one replica to another, so connections are counted for
// all of them.
func (m *meter) watch(ctx context.Context, hub *realhub.Cluster) {
	for hubclient.Wait(ctx, time.Second) {
		// Each that waits for a disk needs a thread, and the runtime keeps it. The lists that the test fetches grow with what the
		// hub remembers; until they are collected they are in the memory of the process, and not in the live heap.
		own := m.takeUsage("agents", os.Getpid(), 64, 192)
		m.take("agents: live heap", "MiB", 24, liveHeap()/mib)
		m.take("agents: descriptors", "", 50, own)
		m.take("agents: goroutines", "", 100, float64(runtime.NumGoroutine()))
		sum := 0.0
		for i, p := range hub.Replica {
			if p.Running() {
				sum += m.takeUsage(fmt.Sprintf("hub %d", i), p.PID(), 10, 24)
			}
		}
		m.take("hubs: descriptors", "", 50, sum)
	}
}

// takeUsage leaves out a process that has just ended. It gives how many descriptors the process has.
func (m *meter) takeUsage(name string, pid int, threads, memory float64) (descriptors float64) {
	use, err := realhub.UsageOf(pid)
	if err != nil || use.RSS == 0 {
		return 0
	}
	m.take(name+": memory", "MiB", memory, float64(use.RSS)/mib)
	m.take(name+": threads", "", threads, float64(use.Threads))
	return float64(use.Descriptors)
}

// liveHeap is what the last collection found in use, in bytes.
func liveHeap() float64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return float64(sample[0].Value.Uint64())
}

func TestTheMeterNotices(t *testing.T) {
	for _, tt := range []struct {
		name   string
		sample func(i int) float64
		want   bool
	}{
		{"flat", func(int) float64 { return 100 }, true},
		{"high at the start", func(i int) float64 { return max(1000-float64(i)*10, 100) }, true},
		{"grows for ever", func(i int) float64 { return float64(i) }, false},
		{"a peak in between", func(i int) float64 { return map[bool]float64{true: 5000, false: 100}[i%40 == 0] }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMeter()
			for i := range 400 {
				m.take("x", "", 10, tt.sample(i))
			}
			if _, grew := m.judge(); (len(grew) == 0) != tt.want {
				t.Errorf("flat is %v, want %v", len(grew) == 0, tt.want)
			}
		})
	}
}
