package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Load lets clients work side by side, each doing op the given number of times, one after the other, and gives "rate"
// (operations a second of all together), "p50" and "p99". The first error ends it. op is told which client it is for
// and the how-many-th of this client it is.
func Load(ctx context.Context, clients, each int, op func(ctx context.Context, client, i int) error) ([]Figure, error) {
	times := make([][]time.Duration, clients)
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for client := range clients {
		group.Go(func() error {
			for i := range each {
				start := time.Now()
				if err := op(ctx, client, i); err != nil {
					return fmt.Errorf("client %d, operation %d: %w", client, i, err)
				}
				times[client] = append(times[client], time.Since(start))
			}
			return ctx.Err()
		})
	}
	err := group.Wait()
	took := time.Since(began)
	all := slices.Concat(times...)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	rate := Figure{"rate", "/s", float64(len(all)) / took.Seconds()}
	return append([]Figure{rate}, Latency(all)...), nil
}

// Latency gives "p50" and "p99" of times, in milliseconds.
func Latency(times []time.Duration) []Figure {
	return []Figure{{"p50", "ms", Percentile(times, 50)}, {"p99", "ms", Percentile(times, 99)}}
}

// Percentile gives the time in milliseconds within which so many of a hundred were done. There has to be one.
func Percentile(times []time.Duration, percent int) float64 {
	sorted := slices.Sorted(slices.Values(times))
	i := (len(sorted)*percent+99)/100 - 1
	return float64(sorted[max(i, 0)]) / float64(time.Millisecond)
}
