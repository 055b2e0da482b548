// Admissions as a visitor can read them, held against what the event promises:
// in t minutes never more than new_users_per_minute * t + burst come in.

import encoding from 'k6/encoding';
import { Counter, Rate } from 'k6/metrics';
import { burst, perMinute } from './settings.js';

// admissionIn is the session number in the admission that an answer brings, or
// 0. Sessions of a room are numbered as they begin. The token is read, not
// believed: whether its signature is good is the gateway's business.
export function admissionIn(answer) {
  for (const name of Object.keys(answer.cookies)) {
    const token = /^(__Host-|__Secure-)?rg_adm_/.test(name) && answer.cookies[name][0].value.split('.');
    if (token && token.length === 3) {
      return JSON.parse(encoding.b64decode(token[1], 'rawurl', 's')).ses || 0;
    }
  }
  return 0;
}

// admitted_over_limit says of each admission whether more sessions have begun
// since an earlier one than the rate allows. It needs nothing but two numbered
// admissions, so it sees everybody who came in, k6's visitors or not.
const overLimit = new Rate('admitted_over_limit');

// admitted counts k6's own visitors in windows by its own clock, whatever the
// numbers say: windowLimits() holds each window to the rate.
const admitted = new Counter('admitted');

const windowLength = 10; // seconds
const windowLag = 1; // seconds: who came in before a window may hear of it in the window

let last = null; // the admission before this one, of the same VU

// hold judges an admission. first is the run's first, from setup.
export function hold(first, admission) {
  const { session, got } = admission;
  const over = [first, last || first].some((earlier) => {
    const minutes = (got - earlier.sent) / 60_000; // at least as long as it really was
    return session - earlier.session > perMinute * minutes + burst;
  });
  overLimit.add(over);
  admitted.add(1, { window: String(Math.floor((got - first.sent) / 1000 / windowLength)) });
  last = admission;
}

// windowLimits are the thresholds of a run of at most so many seconds.
export function windowLimits(seconds) {
  const most = Math.floor(perMinute / 60 * (windowLength + windowLag) + burst);
  const limits = {};
  for (let i = 0; i * windowLength < seconds; i++) {
    limits[`admitted{window:${i}}`] = [`count<=${most}`];
  }
  return limits;
}
