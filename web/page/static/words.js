'use strict';
// What the page decides and says, without the page: the twins of screen.go and
// words.go. `words`, the catalogue, is put in front by the server.

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const count = (n) => n.toLocaleString(words.language);
const halves = (n) => Math.floor(n / 2) + (n % 2 ? '½' : '');

function screenOf(p) {
  if (p.state === 'admitted') return 'turn';
  if (['draw', 'turn', 'missed', 'left', 'closed', 'rejected', 'sold_out'].includes(p.state)) return p.state;
  if (p.number > 0) return 'waiting';
  if (p.state === 'waiting' || p.state === 'paused') return 'arrived';
  if (p.phase === 'before') return 'countdown';
  if (['hold', 'closed', 'rejected', 'sold_out'].includes(p.mode)) return p.mode;
  return 'joining';
}

function bannerOf(p) {
  const screen = screenOf(p);
  if (screen === 'turn' && ['paused', 'down', 'all_held'].includes(p.mode)) return p.mode;
  if (!['waiting', 'arrived', 'draw'].includes(screen)) return '';
  if (p.mode === 'hold') return 'hold';
  if (p.state === 'paused') return 'paused';
  if (['paused', 'queue_all', 'restore', 'down', 'draining', 'all_held'].includes(p.mode)) return p.mode;
  if (p.stock) return p.stock;
  return p.wait.p90_s && p.wait.reason ? 'slow' : ''; // a known wait that has a reason is longer than usual
}

// stockOf is what the holder of a number can expect of the stock, by a line of `now`.
const stockOf = (number, line) => number >= line.beyond_from ? 'beyond' : number >= line.short_from ? 'may_not_suffice' : '';

function waitWords(p50, p90) {
  const say = words.wait;
  if (!(p90 > 0)) return say.unknown;
  if (p90 < 50) return say.moment;
  if (p50 >= 24 * 3600) return say.day;
  let lo = Math.floor(p50 / 60);
  let hi = Math.ceil(p90 / 60);
  if (hi > 90) {
    lo = Math.max(Math.floor(p50 / 1800), 2);
    hi = Math.ceil(p90 / 1800);
    return lo >= hi ? fill(say.hours, {n: halves(hi)}) : fill(say.hours_range, {lo: halves(lo), hi: halves(hi)});
  }
  if (hi > 20) {
    lo = Math.floor(lo / 5) * 5;
    hi = Math.ceil(hi / 5) * 5;
  }
  lo = Math.max(lo, 1);
  if (hi <= 1) return say.minute;
  return lo >= hi ? fill(say.minutes, {n: hi}) : fill(say.minutes_range, {lo, hi});
}

// clock writes what is left as 1 d 02:03:04, 02:03:04 or 03:04.
function clock(ms) {
  const s = Math.max(0, Math.ceil(ms / 1000));
  const two = (n) => String(n).padStart(2, '0');
  const days = Math.floor(s / 86400);
  const hours = Math.floor(s / 3600) % 24;
  return (days ? fill(words.live.days, {n: days}) + ' ' : '') +
    (days || hours ? two(hours) + ':' : '') + two(Math.floor(s / 60) % 60) + ':' + two(s % 60);
}
