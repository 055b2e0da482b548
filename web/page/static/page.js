// The waiting page's script: takes a place, keeps the numbers up to date and
// goes in when the turn comes. One request is under way at most, and one timer
// (`later`) says what comes next.

const element = (id) => document.getElementById(id);
const view = JSON.parse(element('view').textContent); // {event, base, return, place, screen, work}
const place = view.place;
place.message = element('message').textContent;
const heading = element('page').querySelector('h1').textContent;

let screen = view.screen;
let banner = bannerOf(place);
let generation = null; // of the room, as `now` last said
let perMinute = 0; // of the line, when the last status came
let statusAt = Date.now();
let heardAt = statusAt; // when place.at was the time
let joined = false; // by this page, so a cookie should be there
let misses = 0; // times that the server did not know a place we have just taken
let failures = 0;
let busy = false;
let askedAt = 0;
let next = null;
let urgent = null; // what the visitor asked for while a request was under way
let timer = 0;
let said = null; // the last milestone
let code; // a presale code to join with
let proof; // an answered challenge, until it has brought a place

// --- When to ask

const jitter = (ms) => ms * (0.8 + Math.random() * 0.4);
// A tab that nobody looks at asks a quarter as often, but at least once a minute.
const pace = (ms) => jitter(document.hidden ? Math.max(ms, Math.min(ms * 4, 60000)) : ms);

function later(task, ms) {
  clearTimeout(timer);
  next = task;
  timer = setTimeout(() => run(task), ms);
}

async function run(task) {
  if (busy) return;
  busy = true;
  clearTimeout(timer);
  next = null;
  try {
    await task();
    failures = 0;
  } catch (error) {
    if (!(error instanceof Away)) console.error(error); // our mistake; the page goes on all the same
    failures += 1;
    const offline = error.banner === 'offline';
    if (place.number) showBanner(offline ? 'offline' : 'hold');
    else if (offline) showBanner('offline_new');
    else if (screen === 'joining') show('hold');
    later(task, jitter(Math.min(60000, 1000 * 2 ** failures)));
  } finally {
    busy = false;
  }
  if (urgent) {
    [task, urgent] = [urgent, null];
    run(task);
  }
}

// --- Steps: each ends by saying what comes later

async function join() {
  if (!place.number && screen !== 'hold') show('joining');
  const answer = await ask('join', 'POST', {code, proof});
  if (!answer.ok) return refused(answer);
  joined = true;
  code = proof = undefined;
  accept(answer.body);
  if (screen === 'waiting') later(status, 1000 + Math.random() * 1000);
}

async function status() {
  const answer = await ask('status', 'GET');
  if (!answer.ok) return refused(answer);
  misses = 0;
  accept(answer.body);
}

async function poll() {
  const {ok, body} = await ask('now', 'GET');
  if (!ok) throw new Away('hold');
  const changed = body.mode !== place.mode || (generation !== null && body.generation !== generation);
  const line = body.lines[place.line];
  [generation, place.wait.reason] = [body.generation, body.reason];
  if (changed || !line) return later(status, Math.random() * 3000);
  perMinute = perMinute || line.per_minute;
  Object.assign(place, {retry_after_ms: body.retry_after_ms || place.retry_after_ms, stock: stockOf(place.number, line)});
  say(body.message);
  tellPrices(body.prices);
  showBanner(bannerOf(place));
  advance(line);
  again();
}

// watch waits for a start or a reopening without holding a place.
async function watch() {
  const {ok, body} = await ask('now', 'GET');
  if (!ok) throw new Away('hold');
  say(body.message);
  tellPrices(body.prices);
  const opened = screen === 'countdown' ? body.phase !== 'before' : body.mode !== place.mode;
  place.mode = body.mode;
  if (opened) return later(place.number ? status : join, Math.random() * 3000);
  return screen === 'countdown' ? countdown() : later(watch, pace(30000));
}

async function claim() {
  const answer = await ask('claim', 'POST');
  if (answer.ok) return accept(answer.body);
  if (answer.code === 'at_the_door') {
    Object.assign(place, answer.body.place);
    showBanner(bannerOf(place));
    show('door');
    return later(claim, jitter(answer.wait || 2000));
  }
  if (answer.code === 'not_your_turn') return later(status, jitter(answer.wait || 2000));
  refused(answer);
}

async function leave() {
  const answer = await ask('leave', 'POST');
  if (!answer.ok) return refused(answer);
  element('leaving').open = false;
  accept(answer.body);
}

// accept takes a place that the server told us.
function accept(news) {
  if (news.number !== place.number) {
    place.serving = 0;
    place.ahead = Infinity;
    said = null;
  }
  if (news.at !== place.at) heardAt = Date.now();
  const {serving, ahead} = place;
  Object.assign(place, news);
  place.serving = Math.max(place.serving, serving); // never back
  place.ahead = Math.min(place.ahead, ahead);
  statusAt = Date.now();
  perMinute = 0;
  say(place.message);
  tellPrices();
  showBanner(bannerOf(place));
  const wanted = screenOf(place);
  if (place.state === 'admitted') return enter();
  if (wanted === 'turn') return turn();
  if (wanted === 'joining') return later(join, jitter(2000)); // the place has gone; take another
  show(wanted);
  if (wanted === 'waiting') again();
  if (wanted === 'hold') later(join, pace(5000));
  if (wanted === 'countdown') countdown();
  if (wanted === 'arrived') later(status, pace(place.retry_after_ms || 5000));
  if (wanted === 'draw') later(watchDraw, pace(place.retry_after_ms || 20000));
  if (['closed', 'rejected', 'sold_out'].includes(wanted)) later(watch, pace(30000));
}

// refused acts on a problem that the server named.
function refused({code: problem, wait, body}) {
  const known = {...place, ...body.place};
  switch (problem) {
    case 'no_place':
      misses += 1;
      if (!joined) return accept({...known, number: 0, state: 'left'});
      return misses > 1 ? show('no_cookie') : later(join, jitter(1000));
    case 'turn_missed':
      return accept({...known, state: 'missed'});
    case 'not_open_yet':
      return accept({...known, phase: 'before', state: 'none', number: 0});
    case 'closed': case 'rejected': case 'sold_out':
      return accept({...known, state: problem});
    case 'identity_required': case 'identity_refused':
      return show('sign_in');
    case 'code_refused':
      return codeRefused(body.reference);
    case 'proof_required':
      return prove(body.proof);
    case 'too_many_joins':
      showBanner('busy', body.reference);
      return later(join, jitter(wait || 5000));
  }
  throw new Away('hold');
}

// prove works for the place, then joins again.
async function prove(asked) {
  const {work} = await import(view.work).catch(() => { throw new Away('offline'); });
  proof = await work(asked);
  later(join, 0);
}

// codeRefused says so and goes on as if no code had been typed.
function codeRefused(reference) {
  code = undefined;
  put('code-said', fill(words.live.code_refused, {reference}));
  if (place.number) again();
  else later(join, 1000);
}

// again plans the next poll: status near the turn or when the last one is old,
// otherwise the snapshot that a cache may hold.
function again() {
  const retry = place.retry_after_ms || 5000;
  const near = place.ahead < Math.max(20, perMinute * retry / 30000);
  later(near || Date.now() - statusAt > 60000 ? status : poll, pace(retry));
}

// turn goes in, but not for somebody who is not looking: their session would
// run out unseen, while the turn is kept for them.
function turn() {
  show(document.hidden ? 'door' : 'turn');
  later(document.hidden ? status : claim, document.hidden ? 15000 : 0);
}

// enter goes to the shop. A browser that comes back to us twice within a
// minute does not keep the admission's cookie.
function enter() {
  show('turn');
  const times = (recall('entered') ?? []).filter((t) => Date.now() - t < 60000);
  if (times.length > 1) return show('no_cookie');
  remember('entered', [...times, Date.now()]);
  location.replace(place.location || view.return);
}

const untilStart = () => new Date(place.starts_at) - new Date(place.at) - (Date.now() - heardAt);

// countdown joins at the start, spread over a few seconds, and long before it
// looks now and then whether the start was moved.
function countdown() {
  const left = untilStart();
  if (!place.starts_at) return later(watch, pace(30000));
  drawClock();
  if (left <= 0) return later(join, Math.random() * 3000);
  later(left > 60000 ? watch : countdown, Math.min(left, jitter(40000)));
}

// watchDraw looks at the public snapshot until the draw is decided: then everybody
// asks for their number, over some seconds.
async function watchDraw() {
  const {ok, body} = await ask('now', 'GET');
  if (!ok) throw new Away('hold');
  const changed = body.draw === 'drawn' || body.mode !== place.mode || (generation !== null && body.generation !== generation);
  generation = body.generation;
  say(body.message);
  tellPrices(body.prices);
  if (changed) return later(status, Math.random() * 5000);
  later(watchDraw, pace(Math.min(30000, Math.max(10000, untilStart() / 10))));
}

function drawClock() {
  if (screen === 'draw') element('clock').parentNode.hidden = untilStart() <= 0; // started: a public value is waited for
  if (screen !== 'countdown' && screen !== 'draw' || !place.starts_at) return;
  element('clock').hidden = false;
  putBig('clock', clock(untilStart()));
}

// --- Showing

function put(id, text) {
  if (element(id).textContent !== text) element(id).textContent = text;
}

function putBig(id, text) {
  put(id, text);
  element(id).style.setProperty('--chars', Math.max(6, text.length));
}

function show(name) {
  const first = name !== screen;
  screen = name;
  const {title, lead} = words.screens[name];
  element('page').dataset.screen = name;
  for (const part of document.querySelectorAll('[data-on]')) part.hidden = !part.dataset.on.split(' ').includes(name);
  put('title', title);
  put('lead', lead);
  put('reference', place.reference);
  element('stub').hidden = !place.reference;
  element('proof').hidden = !place.receipt;
  put('receipt', place.receipt);
  element('check').href = `${view.base}/draw#${place.receipt}`;
  if (name === 'waiting') showNumbers();
  document.title = `${name === 'waiting' ? fill(words.live.tab, {ahead: count(place.ahead), number: count(place.number)}) : title} · ${heading}`;
  if (!first) return;
  announce(name === 'waiting' ? fill(words.live.joined, {number: count(place.number), ahead: count(place.ahead)}) : `${title}. ${lead}`);
}

function showNumbers() {
  putBig('number', count(place.number));
  put('serving', count(place.serving));
  put('ahead', count(place.ahead));
  const wait = waitWords(place.wait.p50_s, place.wait.p90_s);
  put('wait', wait);

  let way = recall('way');
  if (way?.number !== place.number) way = {number: place.number, from: place.serving};
  remember('way', way);
  const bar = element('bar');
  bar.hidden = false;
  bar.value = Math.max(bar.value, 0.02, (place.serving - way.from) / Math.max(1, place.number - way.from));
  milestones(wait);
}

// milestones speaks when something has changed that a person would tell a friend.
function milestones(wait) {
  const step = [1, 10, 100, 1000].find((n) => place.ahead < n) ?? Infinity;
  if (said && step < said.step) {
    announce(step === 1 ? words.live.next : fill(words.live.ahead, {n: count(step)}));
  } else if (said && wait !== said.wait && Date.now() - said.at > 120000) {
    announce(fill(words.live.wait, {wait}));
  } else if (said) {
    return;
  }
  said = {step, wait, at: Date.now()};
}

// advance moves the numbers by the public snapshot, and the wait with them.
function advance(line) {
  const before = place.ahead + 1;
  place.serving = Math.max(place.serving, line.serving);
  place.ahead = Math.max(0, Math.min(place.ahead, place.number - place.serving - 1));
  const scale = (place.ahead + 1) / before * (line.per_minute ? perMinute / line.per_minute : 0);
  perMinute = line.per_minute;
  place.wait.p50_s *= scale;
  place.wait.p90_s *= scale;
  show('waiting');
}

function showBanner(name, reference) {
  if (name === banner) return;
  put('banner', fill(words.banners[name] ?? '', {reference}));
  element('banner').hidden = !name;
  if (name) announce(element('banner').textContent);
  else if (['paused', 'queue_all', 'all_held'].includes(banner)) announce(words.live.resumed);
  banner = name;
}

function say(message) {
  element('said').hidden = !message;
  put('message', message);
}

function announce(text) {
  put('live', text);
}

// tellPrices shows what the place holds them to, and a newer version where there
// is one. The module is there for events that have prices; without it the page
// shows what it came with.
const prices = view.prices && import(view.prices.script).then((m) => m.prices(view, announce)).catch(() => null);
async function tellPrices(version) {
  (await prices)?.(version, place);
}

// Storage may be refused; the page works without.
const recall = (key) => {
  try {
    return JSON.parse(sessionStorage.getItem(`rushgate.${view.event}.${key}`));
  } catch {
    return null;
  }
};
const remember = (key, value) => {
  try {
    sessionStorage.setItem(`rushgate.${view.event}.${key}`, JSON.stringify(value));
  } catch { /* refused */ }
};

// --- Starting

function wake() {
  if (document.hidden || !next) return;
  later(screen === 'door' ? claim : next, Math.max(0, askedAt + 2000 - Date.now()));
}

function onSubmit(event) {
  const {id, classList} = event.target;
  const task = id === 'leave' ? leave : id === 'code' || classList.contains('join') ? join : null;
  if (!task) return;
  event.preventDefault();
  if (id === 'code') code = element('code-text').value;
  else if (task === join) place.number = 0;
  if (busy) urgent = task;
  else run(task);
}

document.addEventListener('visibilitychange', wake);
setInterval(drawClock, 1000);
addEventListener('online', wake);
addEventListener('pageshow', (event) => event.persisted && wake());
document.addEventListener('submit', onSubmit);
for (const time of document.querySelectorAll('time')) {
  time.textContent = new Date(time.dateTime).toLocaleString(navigator.languages.find((l) => l.startsWith(words.language)) ?? words.language, {
    weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit', timeZoneName: 'short',
  });
}
if (screen === 'no_cookie' || !navigator.cookieEnabled) show('no_cookie');
else if (screen === 'sign_in') show('sign_in');
else if (screen === 'joining') run(join);
else accept({...place});
