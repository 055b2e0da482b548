package rush

import "time"

// Note is a line of a rush's log: something that changed, and who changed it.
type Note struct {
	At     time.Time `json:"at"`
	What   string    `json:"what"` // "phase", "warning" or a step's name
	Is     string    `json:"is"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// Notes tells what is new in a state. Looking again at capacity that is not
// ready yet is no news.
func Notes(old, s State, now time.Time) []Note {
	var notes []Note
	if old.Phase != s.Phase {
		notes = append(notes, Note{At: now, What: "phase", Is: string(s.Phase), By: s.By, Reason: s.Reason})
	}
	if kind(old.Warning) != kind(s.Warning) {
		is := s.Warning
		if is == "" {
			is = "none any more"
		}
		notes = append(notes, Note{At: now, What: "warning", Is: is})
	}
	for _, step := range s.Steps {
		was := old.step(step.Name)
		if was == nil || old.Run != s.Run {
			was = &Step{Standing: Pending}
		}
		switch {
		case was.Standing != step.Standing:
			notes = append(notes, Note{now, string(step.Name), string(step.Standing), step.By, step.Detail})
		case step.Error != "" && was.Error != step.Error:
			notes = append(notes, Note{now, string(step.Name), "failed", step.By, step.Error})
		case was.Attempts == 0 && step.Attempts == 1:
			notes = append(notes, Note{now, string(step.Name), "begun", step.By, ""})
		case step.Attempts > was.Attempts && !was.Lease.IsZero(): // whoever had claimed it never said what came of it
			notes = append(notes, Note{now, string(step.Name), "taken over", step.By, "from " + was.By})
		}
	}
	return notes
}

// kind is a warning without its numbers.
func kind(warning string) string {
	for i, r := range warning {
		if r == ':' {
			return warning[:i]
		}
	}
	return warning
}
