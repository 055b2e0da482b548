package rehearsal

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bilten/rushgate/loadtest"
)

const (
	maxVisitors = 200_000 // each is a goroutine with a browser; see make million for more
	longest     = 24 * time.Hour
)

var eventID = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// Validate names everything that is wrong: field, value, reason.
func (p Plan) Validate() error {
	var c complaints
	p.Target.validate(&c)
	c.within("visitors", p.Visitors, 1, maxVisitors)
	p.Arrivals.validate(&c)
	p.Behaviour.validate(&c)
	if p.Room.NewUsersPerMinute < 0 || p.Room.TotalActiveUsers < 0 {
		c.add("room", p.Room, "must not be negative")
	}
	if (p.Room.NewUsersPerMinute == 0) != (p.Room.TotalActiveUsers == 0) {
		c.add("room", p.Room, "new_users_per_minute and total_active_users are judged together: give both or none")
	}
	c.span("room.turn_ttl", p.Room.TurnTTL)
	c.within("sender.connections", p.Sender.Connections, 1, 20_000)
	c.within("sender.sources", p.Sender.Sources, 1, 250)
	c.span("sender.time_limit", p.Sender.TimeLimit)
	c.span("sender.lateness", p.Sender.Lateness)
	return errors.Join(c...)
}

func (t Target) validate(c *complaints) {
	if len(t.Gateways) == 0 {
		c.add("target.gateways", "[]", "at least one URL, such as http://127.0.0.1:8080")
	}
	for i, gateway := range t.Gateways {
		if _, err := loadtest.HostOf(gateway); err != nil {
			c.add(fmt.Sprintf("target.gateways[%d]", i), gateway, "must be a URL of scheme and host")
		}
	}
	if !eventID.MatchString(t.Event) {
		c.add("target.event", t.Event, "must be an event's id: a-z, 0-9 and -, at most 40")
	}
	for field, path := range map[string]string{"target.path": t.Path, "target.complete": t.Complete} {
		if (path != "" || field == "target.path") && !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \r\n") {
			c.add(field, path, "must be a path that begins with /")
		}
	}
	if strings.ContainsAny(t.Host, "/ \r\n@") {
		c.add("target.host", t.Host, "must be a host, with its port if it has one")
	}
}

func (b Behaviour) validate(c *complaints) {
	c.share("behaviour.leave", b.Leave)
	c.share("behaviour.no_show", b.NoShow)
	c.share("behaviour.late", b.Late)
	c.share("behaviour.wanders", b.Wanders)
	c.share("behaviour.second_tab", b.SecondTab)
	c.share("behaviour.double_click", b.DoubleClick)
	c.share("behaviour.retry", b.Retry)
	if sum := b.Leave + b.NoShow + b.Late + b.Wanders; sum > 1 {
		c.add("behaviour", sum, "leave, no_show, late and wanders exclude each other: at most 1 together")
	}
	if b.Pace < 0.05 || b.Pace > 10 {
		c.add("behaviour.pace", b.Pace, "must be from 0.05 to 10; 1 polls as told")
	}
	c.span("behaviour.think", b.Think)
}

// complaints collects problems as field, value, reason.
type complaints []error

func (c *complaints) add(field string, value any, reason string) {
	*c = append(*c, fmt.Errorf("%s: %v: %s", field, value, reason))
}

func (c *complaints) within(field string, n, least, most int) {
	if n < least || n > most {
		c.add(field, n, fmt.Sprintf("must be from %d to %d", least, most))
	}
}

func (c *complaints) share(field string, share float64) {
	if !(share >= 0 && share <= 1) {
		c.add(field, share, "must be a share from 0 to 1")
	}
}

func (c *complaints) span(field string, d time.Duration) {
	if d <= 0 || d > longest {
		c.add(field, d, "must be more than 0, a day at most")
	}
}

func (c *complaints) oneOf(field, value string, known ...string) {
	if !slices.Contains(known, value) {
		c.add(field, value, "must be one of "+strings.Join(known, ", "))
	}
}
