package redisqueue

import (
	_ "embed"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/bilten/rushgate/queue"
)

var (
	//go:embed lua/clock.lua
	clockLua string
	//go:embed lua/room.lua
	roomLua string
	//go:embed lua/drawn.lua
	drawnLua string
	//go:embed lua/recover.lua
	recoverLua string
	//go:embed lua/budget.lua
	budgetLua string
	//go:embed lua/call.lua
	callLua string
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
	//go:embed lua/restore.lua
	restoreLua string
)

// scripts are one for each operation, and the tick.
type scripts struct {
	tick *redis.Script
	ops  map[queue.Op]*redis.Script
}

// assemble puts the clock and the shared rules before each script, behind its
// "#!lua" line, which Redis wants first.
func assemble(clock string) scripts {
	with := func(source string, shared ...string) *redis.Script {
		shebang, body, _ := strings.Cut(source, "\n")
		parts := append([]string{shebang, clock, roomLua, drawnLua}, shared...)
		return redis.NewScript(strings.Join(append(parts, body), "\n"))
	}
	return scripts{
		tick: with(tickLua, recoverLua, budgetLua, callLua),
		ops: map[queue.Op]*redis.Script{
			queue.Join: with(joinLua), queue.Claim: with(claimLua), queue.Touch: with(touchLua),
			queue.Leave: with(leaveLua), queue.Complete: with(completeLua), queue.Restore: with(restoreLua),
		},
	}
}
