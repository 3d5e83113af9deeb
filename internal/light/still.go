//go:build still

package light

import _ "unsafe" // for go:linkname

// The runtime collects garbage every two minutes even where none was made, and looks every half of that whether it is time:
// one and a half wake-ups a minute that nothing in its API turns off. A program that allocates nothing has nothing to
// collect; one that does is still collected when its heap has grown.
//
//go:linkname collectAtLeastEvery runtime.forcegcperiod
var collectAtLeastEvery int64 // nanoseconds

// It happens before main, and so before the first look.
func init() { collectAtLeastEvery = 1 << 55 } // about 400 days
