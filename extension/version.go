package extension

import "regexp"

var described = regexp.MustCompile(`^v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?:-(\d{1,4})-g[0-9a-f]+)?`)

// numbers makes of a version what browsers take as one: up to four numbers. What has none is 0.0.0: a build from a tree without tags.
func numbers(version string) string {
	parts := described.FindStringSubmatch(version)
	if parts == nil {
		return "0.0.0"
	}
	number := parts[1] + "." + parts[2] + "." + parts[3]
	if parts[4] != "" {
		number += "." + parts[4] // commits since the tag
	}
	return number
}
