package main

import (
	"net"
	"syscall"

	"golang.org/x/net/netutil"
)

// most is more connections than any machine of ours keeps.
const most = 1 << 20

// withinDescriptors lets visitors' connections have three quarters of the
// process's file descriptors. Without the rest those who are admitted would keep
// their connection to us, and find none to the shop or to Redis. Who comes on top
// waits in the kernel's queue until somebody goes.
func withinDescriptors(l net.Listener) net.Listener {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return l
	}
	return netutil.LimitListener(l, max(1, int(min(limit.Cur, most))/4*3))
}
