package bench

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// syncTime is the median time of writing 4 KiB and waiting until it is durable.
func syncTime(dir string) (time.Duration, error) {
	file, err := os.CreateTemp(dir, "sync-")
	if err != nil {
		return 0, fmt.Errorf("make file: %w", err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	page := make([]byte, 4096)
	times := make([]float64, 200)
	for i := range times {
		start := time.Now()
		_, err := file.WriteAt(page, int64(i)*int64(len(page)))
		if err = errors.Join(err, datasync(file)); err != nil {
			return 0, fmt.Errorf("write durably: %w", err)
		}
		times[i] = float64(time.Since(start))
	}
	return time.Duration(median(times)), nil
}
