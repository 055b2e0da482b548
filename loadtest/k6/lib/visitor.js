// A visitor with one browser: opens the protected page, joins, asks as often as
// told, claims, looks around the shop, and completes. It knows only what HTTP
// tells it. The cookies are in k6's jar, which is empty at each iteration.

import http from 'k6/http';
import { sleep } from 'k6';
import { Rate, Trend } from 'k6/metrics';
import { admissionIn, hold } from './admission.js';
import { donePath, event, gateways, host, number, path, patience } from './settings.js';

// completed says of each visitor whether the whole way was walked. Whoever gives
// up, is refused, loses the place or is turned back has not.
const completed = new Rate('completed');

// time_to_admit is from opening the page to holding an admission.
const timeToAdmit = new Trend('time_to_admit', true);

// k6_lateness is how much longer than asked k6 itself slept: a machine that is
// late with this is late with everything, and its latencies are its own.
const lateness = new Trend('k6_lateness', true);

// What a gateway may answer a visitor who behaves: a place, "not yet" or "the
// door opens in a moment". Everything else counts as failed.
http.setResponseCallback(http.expectedStatuses(200, 409, 429));

const action = (name) => `/_rushgate/${event}/${name}`;

function send(name, method, where, more) {
  const headers = { Host: host, Accept: 'application/json', 'Content-Type': 'application/json', ...more };
  const gateway = gateways[Math.floor(Math.random() * gateways.length)];
  const body = method === 'POST' ? '{}' : null;
  return http.request(method, gateway + where, body, { headers, redirects: 0, tags: { name } });
}

const navigation = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };

export const ask = {
  page: () => send('page', 'GET', path, navigation),
  join: (more) => send('join', 'POST', action('join'), more),
  status: (more) => send('status', 'GET', action('status'), more),
  claim: () => send('claim', 'POST', action('claim')),
  leave: () => send('leave', 'POST', action('leave')),
  done: () => send('done', 'POST', donePath),
};

// read is the place in an answer, or the problem.
function read(answer) {
  try {
    return answer.json();
  } catch (_) {
    return {};
  }
}

const leastRest = 50; // ms: a missing field must not turn visitors into a flood

function rest(ms) {
  const wanted = Math.max(leastRest, ms || 0);
  const began = Date.now();
  sleep(wanted / 1000);
  lateness.add(Date.now() - began - wanted);
}

// enter stands in line and returns the admission, or null for who gave up.
function enter(opened) {
  let next = ask.page;
  while (next && Date.now() - opened < patience * 1000) {
    const sent = Date.now();
    const answer = next();
    const session = admissionIn(answer);
    if (session) {
      return { session, sent, got: Date.now() };
    }
    next = after(next, answer);
  }
  return null;
}

// after waits as long as the answer says and returns what to ask next, or null
// where the way has ended.
function after(asked, answer) {
  if (asked === ask.page) {
    return ask.join;
  }
  const said = read(answer);
  switch (said.state || said.code) {
    case 'turn':
      return ask.claim;
    case 'at_the_door':
      rest(said.retry_after_ms);
      return ask.claim;
    case 'waiting':
    case 'paused':
    case 'not_your_turn':
      rest(said.retry_after_ms);
      return ask.status;
    case 'too_many_joins':
    case 'not_open_yet':
      rest(said.retry_after_ms);
      return ask.join;
  }
  return null;
}

const glance = number('GLANCE', 0.5); // seconds that a visitor looks at a page of the shop

// shop looks at a page and completes. The gateway's own pages carry a state:
// who meets one here was sent back to the line.
function shop() {
  for (const look of [ask.page, donePath ? ask.done : ask.leave]) {
    const answer = look();
    if (answer.status !== 200 || answer.headers['Rushgate-State']) {
      return false;
    }
    sleep(glance * (0.5 + Math.random()));
  }
  return true;
}

// visit walks the whole way. It returns the admission, or null.
function visit() {
  const opened = Date.now();
  const admission = enter(opened);
  if (admission) {
    timeToAdmit.add(admission.got - opened);
  }
  completed.add(admission !== null && shop());
  return admission;
}

// first is the setup of a script: one visitor alone, from whose admission all
// others are counted. Nobody is sent to a gateway that does not serve this one.
export function first() {
  const admission = visit();
  if (!admission) {
    throw new Error(`the first visitor does not come in at ${gateways}; is the event there, and its line short?`);
  }
  return admission;
}

// come is one iteration: one visitor.
export function come(opening) {
  const admission = visit();
  if (admission) {
    hold(opening, admission);
  }
}
