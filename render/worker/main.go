// Command signet-render-worker builds kustomizations in memory for its parent process.
//
// README.md describes the protocol.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	memoryLimit := flag.Uint64("memory-limit", 512<<20, "bytes of memory after which the process dies")
	treeCache := flag.Int64("tree-cache", 128<<20, "bytes of artifact trees to keep")
	flag.Parse()
	if err := confine(*memoryLimit); err != nil {
		fmt.Fprintln(os.Stderr, "failed to confine the process:", err)
		os.Exit(1)
	}
	requests := make(chan request)
	go func() {
		// Also in the middle of a build: a parent that is gone waits for nothing.
		defer os.Exit(0)
		readRequests(os.Stdin, requests)
	}()
	if err := serve(requests, os.Stdout, newTreeCache(*treeCache)); err != nil {
		os.Exit(1)
	}
}
