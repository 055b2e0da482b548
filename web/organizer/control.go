package organizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
)

// releaseAll lets the whole line go at once. It cannot be taken back, so
// whoever asks must say how many people that is.
func (a *API) releaseAll(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	var named struct {
		Waiting *int64 `json:"waiting"`
	}
	if err := decode(c, &named); err != nil {
		return err
	}
	view, ok := a.rooms.Live(record.Event.ID)
	if !ok {
		return notLive()
	}
	waiting := view.Waiting()
	if named.Waiting == nil || !namesTheLine(*named.Waiting, waiting) {
		p := refuse(http.StatusConflict, "release_mismatch",
			fmt.Sprintf(`%d people wait. To let all of them go at once, send {"waiting": %d}; it may be a tenth off.`, waiting, waiting))
		p.Waiting = &waiting
		return p
	}
	return a.change(c, "release-all", []byte(releasePatch))
}

// rate sets how many come in per minute, how many may be inside, or both.
func (a *API) rate(c echo.Context) error {
	var room struct {
		NewUsersPerMinute *int `json:"new_users_per_minute,omitempty"`
		TotalActiveUsers  *int `json:"total_active_users,omitempty"`
	}
	if err := decode(c, &room); err != nil {
		return err
	}
	if room.NewUsersPerMinute == nil && room.TotalActiveUsers == nil {
		return invalid(errors.New("new_users_per_minute, total_active_users: name one or both"))
	}
	return a.changeTo(c, "rate", map[string]any{"room": room})
}

// message sets what the page says.
func (a *API) message(c echo.Context) error {
	var page struct {
		Message *string `json:"message"`
	}
	if err := decode(c, &page); err != nil {
		return err
	}
	if page.Message == nil {
		return invalid(errors.New("message: is missing; an empty one takes the old one down"))
	}
	return a.changeTo(c, "message", map[string]any{"page": page})
}

// drawValue gives the public value that the event named for its draw. It comes
// once the draw is closed: a value that was known before proves nothing.
func (a *API) drawValue(c echo.Context) error {
	record, err := a.find(c)
	if err != nil {
		return err
	}
	var draw struct {
		Value string `json:"value"`
	}
	if err := decode(c, &draw); err != nil {
		return err
	}
	view, ok := a.rooms.Live(record.Event.ID)
	switch named := record.Event.Room.Draw; {
	case draw.Value == "":
		return invalid(errors.New("value: is missing"))
	case named.Source == "":
		return refuse(http.StatusConflict, "no_source", "The event names no public value (room.draw.source), so none counts.")
	case !ok:
		return notLive()
	case view.Draw == "" || view.Draw == "open":
		return refuse(http.StatusConflict, "draw_open", "The draw is not closed yet. A value that is given before then proves nothing.")
	case named.Value != "" && named.Value != draw.Value:
		return refuse(http.StatusConflict, "value_given", "Another value has been given already, and numbers follow from it.")
	}
	return a.changeTo(c, "draw-value", map[string]any{"room": map[string]any{"draw": draw}})
}

func (a *API) changeTo(c echo.Context, action string, patch any) error {
	body, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	return a.change(c, action, body)
}

// decode reads a small JSON body into a struct, strictly.
func decode(c echo.Context, into any) error {
	body, err := bodyOf(c, echo.MIMEApplicationJSON)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return refuse(http.StatusBadRequest, "invalid_json", plainJSON(err))
	}
	return nil
}

// strictJSON demands one JSON object in which no name stands twice: of two
// values the reader and the log could take different ones.
func strictJSON(body []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') {
		return refuse(http.StatusBadRequest, "invalid_json", "The body must be a JSON object.")
	}
	if err := uniqueNames(decoder, true); err != nil {
		return refuse(http.StatusBadRequest, "invalid_json", plainJSON(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "invalid_json", "Something follows the JSON object.")
	}
	return nil
}

// uniqueNames reads on to the end of the object or array that has been opened.
func uniqueNames(decoder *json.Decoder, object bool) error {
	seen := map[string]bool{}
	for decoder.More() {
		if object {
			token, err := decoder.Token()
			if err != nil {
				return err
			}
			field, _ := token.(string)
			if seen[field] {
				return fmt.Errorf("%q stands there twice", field)
			}
			seen[field] = true
		}
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		if opened, ok := token.(json.Delim); ok {
			if err := uniqueNames(decoder, opened == '{'); err != nil {
				return err
			}
		}
	}
	_, err := decoder.Token() // the end
	return err
}

func plainJSON(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%s: a %s is not what belongs there.", wrong.Field, wrong.Value)
	}
	return "The body is not valid: " + err.Error() + "."
}
