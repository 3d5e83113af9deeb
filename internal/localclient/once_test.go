//go:build linux || darwin

package localclient

import "testing"

// TestOnceIsAsNew holds for the client of commands what holds for the other.
func TestOnceIsAsNew(t *testing.T) {
	construct = Once
	defer func() { construct = New }()
	for name, holds := range map[string]func(*testing.T){
		"methods": TestMethodsAskWhatTheySay, "nobody listens": TestNobodyListens, "path": TestUsablePathIsNeeded, "socket": TestSocketThatCannotBeOpened,
		"errors": TestAgentsErrorArrivesAsItIs, "answer lost": TestAnswerLost, "given up": TestCallerGivesUp, "foreign server": TestForeignServerHearsNothing,
		"stop": TestStop, "stop refused": TestStopRefused, "events": TestEventsReadStates, "events go on": TestEventsOutliveTheAgent,
		"events, one error": TestEventsTellOneErrorOnce, "silence": TestSilentStreamIsCut, "garbled": TestGarbledStateIsAnError,
	} {
		t.Run(name, holds)
	}
}
