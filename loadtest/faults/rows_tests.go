package main

// proofs are the rows without a crowd.
func proofs() []proof {
	return []proof{
		{"F11", "Redis may evict people from the line", []string{"cmd/rushgate TestInspectRedis"}},
		{"F20 drain", "SIGTERM with requests in flight", []string{
			"cmd/rushgate TestVisitorsLeaveBeforeWhatServesThem", "cmd/rushgate TestTheBalancerHasTimeToNotice", "cmd/rushgate TestAVisitorWhoHangsIsCutOff",
		}},
		{"F21", "SIGTERM with WebSockets open", []string{"web/upstream TestWebSocketsPassAndAreToldWhenTheGatewayGoes"}},
		{"F23", "a gateway's clock is five minutes ahead", []string{
			"room TestAGatewayWhoseClockIsWrongChangesNothing", "room TestAWrongClockRemovesNobodysRoom", "web/ops TestReadiness",
		}},
		{"F24 F25", "the store's clock jumps an hour ahead or back", []string{"queue/redisqueue TestStore", "queue/redisqueue TestLuaAndGoAreTwins"}},
		{"F26", "a sale in the hour that does not exist, or exists twice", []string{"event TestParseTimeRefuses", "event TestParseTime"}},
		{"F27", "keys are changed while the line stands, half of the gateways first", []string{"admission TestRotationKeepsVisitorsAndPasses", "admission TestPromote"}},
		{"F34 F35", "slow and oversized requests", []string{"web TestASlowBodyIsGivenUp", "web TestHardenedServerRefusesOversizedHeaders"}},
		{"F39", "an operator's or organizer's file that is wrong", []string{
			"event TestParseRefuses", "cmd/rushgate TestScripts", "web/organizer TestRefusals", "web/organizer TestConcurrentEditsAreRefused",
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
		{"F51", "places are numbered until a double can tell no more apart", []string{"queue/redisqueue TestOrdersAreExactUpToTheLast"}},
		{"history", "answers of the store are lost on their way to several gateways", []string{
			"queue/redisqueue TestWhatGatewaysAreToldIsOneOrderOfSteps", "queue/redisqueue TestARushThroughTwoGatewaysKeepsEveryPromise",
		}},
		{"F52", "metrics of a scrape storm", []string{"room TestMetrics", "web/ops TestMetricsAreOfTheGivenRegistryAlone"}},
	}
}
