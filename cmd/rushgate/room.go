package main

type roomCommand struct{}

// Run is not wired yet.
func (roomCommand) Run(*app) error { return nil }
