package main

import "testing"

func TestTheExampleRehearsalIsValid(t *testing.T) {
	plan, err := rehearse{Plan: "../../deploy/examples/rehearsal.yaml", Visitors: 20}.plan()
	if err != nil || plan.Visitors != 20 || plan.Target.Event != "demo" {
		t.Errorf("plan(rehearsal.yaml, 20 visitors) = %d visitors of %q, %v; want 20 of demo", plan.Visitors, plan.Target.Event, err)
	}
}
