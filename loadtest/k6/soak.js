// Soak: waves that fill the line and calms that drain it, again and again. What
// leaks or drifts shows in hours; the default is only long enough to see it run.

import { windowLimits } from './lib/admission.js';
import { number, patience, perMinute } from './lib/settings.js';
import { common, summarize } from './lib/summary.js';

export { come as default, first as setup } from './lib/visitor.js';

const minutes = number('SOAK_MINUTES', 0.5);
const half = 10; // seconds of a wave, and of a calm
const waves = Math.max(1, Math.round(minutes * 60 / (2 * half)));

// On average nine tenths of what the event lets in, so that every calm ends with
// an empty line.
const wave = Math.ceil(1.4 * perMinute);
const calm = Math.floor(0.4 * perMinute);

const stages = [];
for (let i = 0; i < waves; i++) {
  stages.push(
    { target: wave, duration: '0s' }, { target: wave, duration: `${half}s` },
    { target: calm, duration: '0s' }, { target: calm, duration: `${half}s` },
  );
}

export const options = {
  ...common,
  scenarios: {
    waves: {
      executor: 'ramping-arrival-rate',
      timeUnit: '1m',
      startRate: wave,
      stages,
      preAllocatedVUs: Math.ceil(wave / 60 * 2 * half), // a whole wave may be on its way
      gracefulStop: `${patience + 10}s`,
    },
  },
  thresholds: {
    completed: ['rate==1'],
    http_req_failed: ['rate<0.001'],
    admitted_over_limit: ['rate==0'],
    'http_req_duration{name:status}': ['p(95)<250'],
    dropped_iterations: ['count==0'],
    k6_lateness: ['p(95)<250'],
    ...windowLimits(waves * 2 * half + patience),
  },
};

export const handleSummary = summarize('soak', [
  'completed', 'time_to_admit', 'admitted_over_limit', 'http_reqs', 'http_req_duration{name:status}', 'k6_lateness',
]);
