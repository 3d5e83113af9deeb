// Package e2e tells stories over the real programs: keyshift-hub and keyshift-agent as they are built for people, real
// databases, and for each person a desktop of their own, which is a D-Bus session with a home folder and a keyring.
//
// A story is a file in testdata, in the language of testscript, named by what it shows. Besides testscript's own
// commands it has those of the table in commands_test.go:
//
//	desktop NAME [gnome|none|mock]         go to NAME's desktop; a new one has that kind of keyring, gnome if not said
//	keyring                                print what any program of this desktop finds in the keyring
//	keyring-lock, keyring-unlock           lock it, or open it again
//	keyring-kill9                          kill the keyring; keyring-unlock starts it again
//	session-end, session-begin             log out, which ends the session bus and the keyring but not the agent, and in again
//	screen lock|unlock                     lock the screen, or open it again; from the first time on there is a screen locker
//	mock WORDS                             tell the mock keyring what to do, see e2e/mocksecrets
//	hub-start [NAME] [FLAGS]               serve a hub, again at its old address; sets $HUB_ADDRESS and $CODE
//	hub-stop, hub-kill9 [NAME]             end it
//	hub-at NAME                            the command line of this desktop asks that replica from now on
//	postgres                               make an empty database; its address is $POSTGRES
//	company [KEYRING] [FLAGS]              Alice's hub, an account, and Dana's enrolled computer, as in main-job.txtar
//	enroll USER [URL]                      enroll this computer with a code of Alice's, for the hub at another address
//	agent-start [FLAGS]                    start the agent of this desktop; $AGENT names a program other than keyshift-agent
//	agent-under COMMAND                    start it from now on as the last arguments of a command
//	agent-env NAME=VALUE                   start it from now on with a variable
//	turn WALL BOOT                         turn the clocks of keyshift-agent-turned here: by how much they are ahead
//	cable, unplug, plug                    put the agent of this desktop at the other end of a cable from $CABLE; pull it
//	tunnel [USER:PASSWORD]                 start an HTTP proxy at $TUNNEL that leads to the hub, whatever host is asked for
//	tunneled REGEX                         what was asked of it
//	agent-stop, agent-kill9                end it
//	agent-freeze, agent-thaw               close the lid, and open it
//	keyshift-hub, keyshift-agent           what a person types; $? must be 0, or with ! another
//	type LINES                             what the next of these two reads from standard input
//	refused CODE keyshift-...              the command fails with this code, with --json and in words, and its exit code
//	eventually REGEX COMMAND               repeat a command until it succeeds and what it prints matches
//	gone REGEX COMMAND                     repeat it until that does not match any more
//	json PATH VALUE                        the last JSON has this value; PATH.length is that of a list
//	remember NAME PATH                     put a value of the last JSON into $NAME
//	capture NAME REGEX                     put what the group finds in the last standard output into $NAME
//	guess NAME CODE                        put a code like this one that nobody has given out into $NAME
//	token NAME                             put this desktop's API token into $NAME
//	neighbor same|other PART ARGS          another program, of this user without privileges or of another user, tries
//	                                       something, see e2e/neighbor; AGENT is the agent's process
//	squatter SOCKET                        another user listens there until the story ends
//	squatted                               print what that one has said so far
//	memory SECRETS                         these are nowhere in the agent's memory, or with ! they are
//	companion VERB ARGS                    a browser profile with an extension that is played, behind the real native host: start,
//	                                       stop, pair, fill FIELD ORIGIN, leases N ENDED, clean; abuse PASSWORD tries tricks
//	tamper-packs                           change a site pack on the disk of this desktop's agent
//	agent-crash                            print the agent's limits, and end it by a fault of its memory
//	sweep SECRETS                          these are in no file of anybody, and not in /proc of hubs and agents
//
// Whatever waits has a deadline and no pause of its own; every process is ended by its own id.
package e2e

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keyshift-hq/keyshift/internal/systest/programs"
)

// bin is the folder with the programs.
var bin string

// atOnce is how many stories are told side by side: they mostly wait for each other's programs.
const atOnce = "6"

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	_ = flag.Set("test.parallel", atOnce) // a -parallel on the command line wins
	if bin = os.Getenv(binVariable); bin != "" {
		return m.Run() // started by TestStoriesApart
	}
	dir, err := os.MkdirTemp("", "keyshift-e2e-")
	if err == nil {
		defer os.RemoveAll(dir)
		bin = dir
		err = buildPrograms()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return m.Run()
}

func buildPrograms() error {
	return errors.Join(
		programs.Put(bin, "keyshift-hub", "keyshift-agent"),
		buildProgram("mocksecrets", "./mocksecrets"),
		buildProgram("keyshift-agent-turned", "../cmd/agent", "-tags", "turnedclock"),
		buildProgram("neighbor", "./neighbor"),
		buildProgram("weighed", "./weighed"),
	)
}

func buildProgram(name, pkg string, flags ...string) error {
	cmd := exec.Command("go", slices.Concat([]string{"build", "-trimpath", "-o", filepath.Join(bin, name)}, flags, []string{pkg})...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return nil
}

func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: newWorld, Cmds: commands(), RequireUniqueNames: true})
}
