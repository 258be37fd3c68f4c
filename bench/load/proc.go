package main

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// ticks is USER_HZ, in which Linux counts processor time.
const ticks = 100

// process is a server process, whose use of the machine is read from /proc. Zero
// means none is known.
type process int

// cpu is the processor time that the process has used so far, in seconds.
func (p process) cpu() float64 {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(int(p)) + "/stat")
	if err != nil {
		return 0
	}
	// The name, which may hold anything, stands in parentheses.
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+2:]))
	user, _ := strconv.ParseInt(f[11], 10, 64)
	system, _ := strconv.ParseInt(f[12], 10, 64)
	return float64(user+system) / ticks
}

// memory is the resident size in bytes.
func (p process) memory() float64 {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(int(p)) + "/status")
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return float64(kb) * 1024
		}
	}
	return 0
}

func (p process) alive() bool { return p == 0 || syscall.Kill(int(p), 0) == nil }

// ownCPU is the processor time of this process in seconds.
func ownCPU() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// machineCPU is the busy and the stolen time of all processors in seconds.
func machineCPU() (busy, stolen float64) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	var v [8]float64 // user, nice, system, idle, iowait, irq, softirq, steal
	for i, f := range strings.Fields(line)[1:] {
		if i < len(v) {
			v[i], _ = strconv.ParseFloat(f, 64)
		}
	}
	return (v[0] + v[1] + v[2] + v[5] + v[6]) / ticks, v[7] / ticks
}

// raiseFiles allows as many open files as the system lets us have.
func raiseFiles() {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) == nil {
		r.Cur = r.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &r) // then there are fewer sessions
	}
}

func cores() float64 { return float64(runtime.NumCPU()) }
