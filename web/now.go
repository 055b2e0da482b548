package web

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bilten/rushgate/room"
	"github.com/bilten/rushgate/stock"
	"github.com/bilten/rushgate/web/page"
)

// nowMaxAge is how long a cache may answer for us. A place that is a second old
// hurts nobody; a CDN that answers a million polls with one fetch helps all.
const nowMaxAge = time.Second

// nowAnswer is the public snapshot as bytes, made once for each view and stock.
type nowAnswer struct {
	view *room.View
	left *stock.Stock
	sold uint32 // the version of prices
	mode page.Mode
	body []byte
	etag string // weak: the moment itself may differ
}

// nows keeps the last answer of each event.
type nows struct{ byEvent sync.Map }

func (g *Gateway) seeNow(c echo.Context) error {
	rm, ok := g.roomOf(c)
	if !ok {
		return refuse(http.StatusNotFound, "no_event", "There is no such event here.")
	}
	view := rm.View()
	mode, _ := view.ModeAt(g.now())
	answer, err := g.nows.of(nowAnswer{
		view: view, left: g.shelf.Stock(view.Event.ID), sold: g.priceVersion(view.Event.ID), mode: modeOf(mode, view),
	}, view.StoreTime(g.now()))
	if err != nil {
		return err
	}
	crossOrigin(c.Response(), c.Request(), view.Event.Browser.CORSOrigins)
	h := c.Response().Header()
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(nowMaxAge.Seconds())))
	h.Set("ETag", answer.etag)
	if c.Request().Header.Get("If-None-Match") == answer.etag {
		return c.NoContent(http.StatusNotModified)
	}
	return c.JSONBlob(http.StatusOK, answer.body)
}

// of is the answer to what is known now, made anew if anything of it has changed.
func (n *nows) of(is nowAnswer, at int64) (*nowAnswer, error) {
	if have, ok := n.byEvent.Load(is.view.Event.ID); ok {
		if a, ok := have.(*nowAnswer); ok && a.view == is.view && a.left == is.left && a.sold == is.sold && a.mode == is.mode {
			return a, nil
		}
	}
	err := is.write(at)
	if err == nil {
		n.byEvent.Store(is.view.Event.ID, &is)
	}
	return &is, err
}

// write fills in the bytes.
func (n *nowAnswer) write(at int64) error {
	view := n.view
	now := page.Now{
		Event: view.Event.ID, Mode: n.mode, Prices: n.sold, Reason: string(view.Limits.Reason), Phase: string(view.Phase),
		Generation: strconv.FormatUint(view.Snapshot.Generation, 16), Lines: map[string]page.Line{}, Message: view.Event.Page.Message,
		Draw: DrawPhase(view),
	}
	for _, line := range view.Snapshot.Lines {
		l := page.Line{Serving: line.Serving, Issued: line.Issued, PerMinute: view.PerMinute(line.Name)}
		if r, known := reach(view, n.left, line.Name); known {
			l.ShortFrom, l.BeyondFrom = line.Serving+1+r.Short, line.Serving+1+r.Nothing
		}
		now.Lines[line.Name] = l
	}
	tagged, err := json.Marshal(now)
	if err != nil {
		return err
	}
	sum := fnv.New64a()
	_, _ = sum.Write(tagged)
	now.At = time.UnixMilli(at).UTC()
	body, err := json.Marshal(now)
	if err != nil {
		return err
	}
	n.body, n.etag = append(body, '\n'), fmt.Sprintf(`W/"%x"`, sum.Sum64())
	return nil
}
