// Smoke: a handful of visitors, two a second, walk the whole way, most of them
// through the line. Is everything wired together?

import { windowLimits } from './lib/admission.js';
import { number, patience } from './lib/settings.js';
import { common, summarize } from './lib/summary.js';

export { come as default, first as setup } from './lib/visitor.js';

const visitors = number('VISITORS', 10);
const perSecond = 2;

export const options = {
  ...common,
  scenarios: {
    visitors: {
      executor: 'constant-arrival-rate',
      rate: perSecond,
      duration: `${Math.ceil(visitors / perSecond)}s`,
      preAllocatedVUs: visitors + 2, // k6 starts one at each end of the time
      gracefulStop: `${patience + 10}s`,
    },
  },
  thresholds: {
    completed: ['rate==1'],
    http_req_failed: ['rate==0'],
    admitted_over_limit: ['rate==0'],
    dropped_iterations: ['count==0'],
    ...windowLimits(visitors / perSecond + patience),
  },
};

export const handleSummary = summarize('smoke', ['completed', 'time_to_admit', 'admitted_over_limit']);
