//go:build !turnedclock

package main

import "github.com/keyshift-hq/keyshift/internal/bootclock"

func clock() bootclock.Clock { return bootclock.System() }
