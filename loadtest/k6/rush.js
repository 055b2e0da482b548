// Rush: the opening of a sale. Visitors come in a spike, then in a trickle, all
// of them stand in line, ask as often as told, claim, shop and complete.

import { windowLimits } from './lib/admission.js';
import { number, patience } from './lib/settings.js';
import { common, summarize } from './lib/summary.js';

export { come as default, first as setup } from './lib/visitor.js';

const visitors = number('VISITORS', 600);
const over = number('OVER', 12); // seconds in which they come

// Three quarters come in the first third, the rest in what remains.
const spike = Math.round(0.75 * visitors / (over / 3));
const trickle = Math.round(0.25 * visitors / (over * 2 / 3));

export const options = {
  ...common,
  scenarios: {
    opening: {
      executor: 'ramping-arrival-rate',
      startRate: spike,
      stages: [
        { target: spike, duration: `${over / 3}s` },
        { target: trickle, duration: '0s' },
        { target: trickle, duration: `${over * 2 / 3}s` },
      ],
      preAllocatedVUs: Math.ceil(visitors * 1.05), // each waits in a VU of its own
      gracefulStop: `${patience + 10}s`,
    },
  },
  thresholds: {
    completed: ['rate==1'],
    http_req_failed: ['rate==0'],
    admitted_over_limit: ['rate==0'],
    'http_req_duration{name:join}': ['p(95)<500'],
    'http_req_duration{name:status}': ['p(95)<250'],
    'http_req_duration{name:claim}': ['p(95)<500'],
    dropped_iterations: ['count==0'],
    k6_lateness: ['p(95)<250'],
    ...windowLimits(over + patience),
  },
};

export const handleSummary = summarize('rush', [
  'completed', 'time_to_admit', 'admitted_over_limit', 'http_reqs',
  'http_req_duration{name:join}', 'http_req_duration{name:status}', 'http_req_duration{name:claim}', 'k6_lateness',
]);
