package main

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"syscall"
)

// prSetDumpable is PR_SET_DUMPABLE of prctl(2).
const prSetDumpable = 4

// rlimitData is RLIMIT_DATA of setrlimit(2): private writable memory. The address space is no
// measure here, the Go runtime reserves far more than it uses.
const rlimitData = 2

var errNoNetwork = errors.New("the renderer has no network; fetch remote bases into the repository")

// confine takes from the process what a build does not need.
func confine(memoryLimit uint64) error {
	limits := []struct {
		name     string
		resource int
		value    uint64
	}{
		{"core size", syscall.RLIMIT_CORE, 0},
		{"file size", syscall.RLIMIT_FSIZE, 0},
		{"memory", rlimitData, memoryLimit},
	}
	for _, limit := range limits {
		err := syscall.Setrlimit(limit.resource, &syscall.Rlimit{Cur: limit.value, Max: limit.value})
		if err != nil {
			return fmt.Errorf("limit the %s: %w", limit.name, err)
		}
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetDumpable, 0, 0); errno != 0 {
		return fmt.Errorf("forbid debugging: %w", errno)
	}
	closeOff()
	return nil
}

// closeOff makes sure that kustomize can neither fetch nor start anything, whatever it is asked.
func closeOff() {
	os.Clearenv()
	// kustomize clones with the program it finds on the path.
	os.Setenv("PATH", "")
	http.DefaultTransport = noNetwork{}
	// Its deprecation notes go through log and stderr, and nobody reads them here.
	log.SetOutput(discard{})
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
}

// noNetwork refuses every request.
type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) { return nil, errNoNetwork }

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
