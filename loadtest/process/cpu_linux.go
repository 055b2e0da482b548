package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// jiffy is the unit of /proc/PID/stat: USER_HZ, 100 a second on every Linux.
const jiffy = 10 * time.Millisecond

// CPU is the user and system time that the process and those it started have
// used so far. Those that have ended count as far as their parent waited for them.
func (p *Process) CPU() (time.Duration, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	found := false
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		group, used, err := readStat(string(text))
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		if group == p.PID {
			found = true
			sum += used
		}
	}
	if !found {
		return 0, fmt.Errorf("%s has ended:\n%s", p.Name, p.Tail())
	}
	return sum, nil
}

var errStat = errors.New("not what proc(5) says")

// readStat returns the process group and the CPU time in a /proc/PID/stat.
func readStat(text string) (group int, used time.Duration, err error) {
	// The program's name stands in parentheses and may hold anything.
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 15 {
		return 0, 0, errStat
	}
	var numbers [5]int64 // group, then user and system time, own and of children
	for i, field := range []int{2, 11, 12, 13, 14} {
		if numbers[i], err = strconv.ParseInt(fields[field], 10, 64); err != nil {
			return 0, 0, errStat
		}
	}
	return int(numbers[0]), time.Duration(numbers[1]+numbers[2]+numbers[3]+numbers[4]) * jiffy, nil
}
