package main

import "testing"

func TestTheExamplePlanIsGood(t *testing.T) {
	if _, err := readPlan("../../deploy/examples/simulate.yaml"); err != nil {
		t.Error(err)
	}
}
