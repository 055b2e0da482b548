package redisqueue

import (
	_ "embed"
	"strings"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed lua/clock.lua
	clockLua string
	//go:embed lua/room.lua
	roomLua string
	//go:embed lua/tick.lua
	tickLua string
	//go:embed lua/join.lua
	joinLua string
	//go:embed lua/claim.lua
	claimLua string
	//go:embed lua/touch.lua
	touchLua string
	//go:embed lua/leave.lua
	leaveLua string
	//go:embed lua/complete.lua
	completeLua string
)

type scripts struct {
	tick, join, claim, touch, leave, complete *redis.Script
}

// assemble puts the clock and the shared rules before each script, behind its
// "#!lua" line, which Redis wants first.
func assemble(clock string) scripts {
	with := func(source string) *redis.Script {
		shebang, body, _ := strings.Cut(source, "\n")
		return redis.NewScript(strings.Join([]string{shebang, clock, roomLua, body}, "\n"))
	}
	return scripts{
		tick: with(tickLua), join: with(joinLua), claim: with(claimLua),
		touch: with(touchLua), leave: with(leaveLua), complete: with(completeLua),
	}
}
