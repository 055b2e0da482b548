package main

// proofs are the rows without a crowd.
func proofs() []proof {
	return []proof{
		{"F11", "Redis may evict people from the line", []string{"cmd/rushgate TestInspectRedis"}},
		{"F20 drain", "SIGTERM with requests in flight", []string{
			"cmd/rushgate TestVisitorsLeaveBeforeWhatServesThem", "cmd/rushgate TestTheBalancerHasTimeToNotice", "cmd/rushgate TestAVisitorWhoHangsIsCutOff",
		}},
		{"F21", "SIGTERM with WebSockets open", []string{"web/upstream TestWebSocketsPassAndAreToldWhenTheGatewayGoes"}},
		{"F39", "an operator's or organizer's file that is wrong", []string{
			"event TestParseRefuses", "cmd/rushgate TestRunRefuses", "web/organizer TestRefusals", "web/organizer TestConcurrentEditsAreRefused",
		}},
		{"F40", "an event that a gateway cannot read", []string{"room TestAnEventThatCannotBeReadStaysProtected"}},
		{"F42", "back button, reload and a second tab after the admission", []string{
			"web/page TestTheAnswerIsNotStoredAndAllowsNothingElse", "web TestATurnIsTakenByTheNextGET", "web TestWhatSetsACookieIsForNoCache",
		}},
		{"F43", "an admission that is taken to a second device", []string{"web TestOneVisitorHasOneSessionWhateverTheyHold", "web TestCredentialsThatAreNotGood"}},
		{"F44", "an admission that ends while its holder pays", []string{"admission TestGrace", "web TestBypassAndCommitRoutes", "admission/verify TestGraceBeforePayment"}},
		{"F46", "a crowd whose ticks must cost no more than those who are called", []string{"loadtest/million TestASmallMillionIsClean", "room TestTicksAreFewAndNudgesAreBounded"}},
		{"F47", "a message between gateways is lost or comes twice", []string{
			"room TestViewFollowsTheNewestSnapshot", "room TestCompleteOnAGatewayThatIsBehind", "cmd/rushgate TestAChangeReachesEveryGatewayWithinASecond",
		}},
		{"F52", "metrics of a scrape storm", []string{"room TestMetrics", "web/ops TestMetricsAreOfTheGivenRegistryAlone"}},
	}
}
