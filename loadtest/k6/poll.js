// Poll: people who wait and ask for their place, at a fixed rate and nothing
// else. It wants a line that hardly moves: who is called has no place to ask for.

import exec from 'k6/execution';
import { check } from 'k6';
import { number } from './lib/settings.js';
import { common, summarize } from './lib/summary.js';
import { ask } from './lib/visitor.js';

const visitors = number('VISITORS', 100);
const perSecond = number('POLLS_PER_SECOND', 300);
const seconds = number('SECONDS', 15);

export const options = {
  ...common,
  scenarios: {
    polls: {
      executor: 'constant-arrival-rate',
      rate: perSecond,
      duration: `${seconds}s`,
      preAllocatedVUs: Math.ceil(perSecond / 2), // so that a pause of half a second drops nothing
      gracefulStop: '10s',
    },
  },
  thresholds: {
    checks: ['rate==1'],
    http_req_failed: ['rate==0'],
    'http_req_duration{name:status}': ['p(95)<100'],
    'http_reqs{name:status}': [`count>=${Math.floor(perSecond * seconds * 0.99)}`],
    dropped_iterations: ['count==0'],
  },
};

// Apps keep no cookies: they ask for tokens, and send the pass in a header. So
// one virtual user can be any visitor.
const app = { 'Rushgate-Tokens': '1' };

// setup has everybody join and returns their passes.
export function setup() {
  return Array.from({ length: visitors }, () => {
    const answer = ask.join(app);
    const pass = answer.headers['Rushgate-Pass'];
    if (!pass) {
      throw new Error(`join gives no place: ${answer.status} ${answer.body}`);
    }
    return { pass, number: answer.json().number };
  });
}

export default function (places) {
  const mine = places[exec.scenario.iterationInTest % places.length];
  const answer = ask.status({ ...app, 'Rushgate-Pass': mine.pass });
  check(answer, {
    'the place is the one that was given': (a) => a.status === 200 && a.json().number === mine.number,
  });
}

export const handleSummary = summarize('poll', ['checks', 'http_reqs{name:status}', 'http_req_duration{name:status}']);
