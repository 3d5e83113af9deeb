package cliout

import (
	"runtime"
	"runtime/debug"
)

// Version is which program this is, as `version` tells it.
type Version struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// BuildOf adds to a version what the build knows: the commit is "unknown" outside of a checkout.
func BuildOf(version string) Version {
	v := Version{version, "unknown", runtime.Version(), runtime.GOOS, runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Commit = s.Value
		}
	}
	return v
}
