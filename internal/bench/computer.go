package bench

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Computer describes where and when figures were measured.
type Computer struct {
	CPU       string
	Cores     int
	MemoryMiB int
	Kernel    string
	Go        string
	// Version is that of the program, as git describes it.
	Version string
	Date    time.Time
	// Sync is the median time of a durable write of 4 KiB in the folder for temporary files.
	Sync time.Duration
}

// ThisComputer looks at this computer. version is what is measured, dir where the databases of the benchmarks lie.
func ThisComputer(version, dir string) (Computer, error) {
	m := Computer{Cores: runtime.NumCPU(), Go: runtime.Version(), Version: version, Date: time.Now().UTC()}
	m.CPU = field("/proc/cpuinfo", "model name")
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return m, fmt.Errorf("read kernel version: %w", err)
	}
	m.Kernel = strings.TrimSpace(string(kernel))
	var kib int
	if _, err := fmt.Sscan(field("/proc/meminfo", "MemTotal"), &kib); err != nil {
		return m, fmt.Errorf("read size of memory: %w", err)
	}
	m.MemoryMiB = kib / 1024
	m.Sync, err = syncTime(dir)
	return m, err
}

// field gives the value of the first line "name: value" of a file of /proc, "unknown" if there is none.
func field(file, name string) string {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func (m Computer) markdown() string {
	var b strings.Builder
	for _, row := range [][2]string{
		{"processor", fmt.Sprintf("%s, %d cores", m.CPU, m.Cores)},
		{"memory", fmt.Sprintf("%d MiB", m.MemoryMiB)},
		{"kernel", "Linux " + m.Kernel},
		{"durable write of 4 KiB (fdatasync), median", number(float64(m.Sync)/float64(time.Millisecond)) + " ms"},
		{"compiler", m.Go},
		{"version", m.Version},
		{"date", m.Date.Format("2006-01-02 15:04 MST")},
	} {
		fmt.Fprintf(&b, "| %s | %s |\n", row[0], row[1])
	}
	return "| machine | |\n|---|---|\n" + b.String()
}
