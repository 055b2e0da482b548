package page

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/bilten/rushgate/draw"
	"github.com/bilten/rushgate/event"
)

// DrawView is what the draw's page shows. Its script asks the event's draw (as
// JSON) and draw/list for the rest.
type DrawView struct {
	Published draw.Published
	Name      string // the event's; the title when Texts has none
	Texts     event.Page
	Return    string // path to go back to; empty: no link
}

// drawWords is the catalogue's part for the draw's page; Said is the script's.
type drawWords struct {
	Phases map[draw.Phase]notice `json:"phases"`
	Labels map[string]string     `json:"labels"`
	Facts  map[string]notice     `json:"facts"`
	Said   map[string]string     `json:"said"`
}

type drawModel struct {
	frame
	Script    string
	DrawStyle string
	Base      string // of the event's routes
	Heading   string
	Facts     []fact
	List      string // where the list is; empty: nowhere yet
}

// fact is one thing that was published, in plain words and to the letter.
type fact struct{ Name, What, Value string }

// Draw writes the page on which anybody checks a draw, under the rules of
// [Pages.Waiting]. Everything on it is public.
func (p *Pages) Draw(w http.ResponseWriter, v DrawView) error {
	return p.write(w, http.StatusOK, "draw.html", func(nonce string) any { return p.draw(v, nonce) })
}

func (p *Pages) draw(v DrawView, nonce string) drawModel {
	l := p.speak(v.Texts.Language)
	m := drawModel{
		frame:     p.frame(l.words, v.Texts, nonce),
		Script:    p.prefix + "/assets/" + l.drawScript.name,
		DrawStyle: p.prefix + "/assets/" + p.drawStyle.name,
		Base:      p.prefix + "/" + v.Published.Event,
		Heading:   v.Texts.Title,
		Facts:     l.words.facts(v.Published),
	}
	if m.Heading == "" {
		m.Heading = v.Name
	}
	m.Notice = l.words.Draw.Phases[v.Published.Phase]
	m.Title = m.Notice.Title + " · " + m.Heading
	m.Return = v.Return
	if v.Published.Phase == draw.Drawn {
		m.List = m.Base + "/draw/list"
	}
	return m
}

// facts says what has been published by now. That no public value was named is
// one of them: it limits what a check proves.
func (w words) facts(p draw.Published) []fact {
	var facts []fact
	add := func(name, value string) {
		n := w.Draw.Facts[name]
		facts = append(facts, fact{n.Title, n.Lead, value})
	}
	add("commitment", p.Commitment.String())
	switch {
	case p.Public == nil:
		add("no_value", "")
	case p.Public.Value == "":
		add("source", p.Public.Source)
	default:
		add("source", p.Public.Source)
		add("value", p.Public.Value)
	}
	if p.Entries != nil {
		add("count", w.count(int64(p.Entries.Count)))
		add("root", p.Entries.Root.String())
	}
	if p.Seed != nil {
		add("seed", p.Seed.String())
	}
	return facts
}

// drawScript is the check page's script, with its words in front.
func drawScript(w words) (asset, error) {
	said := map[string]string{"language": w.Language}
	for name, text := range w.Draw.Said {
		said[name] = text
	}
	catalogue, err := json.Marshal(said)
	if err != nil {
		return asset{}, fmt.Errorf("encode the words of the draw: %w", err)
	}
	return scriptAsset("draw", w, catalogue)
}
