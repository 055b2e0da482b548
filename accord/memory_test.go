package accord_test

import (
	"testing"
	"time"

	"github.com/bilten/rushgate/accord"
	"github.com/bilten/rushgate/accord/accordtest"
)

func TestMemory(t *testing.T) {
	accordtest.Run(t, func(*testing.T) accord.Store { return accord.NewMemory(time.Now) })
}
