// The draw's page: checks a receipt, or the whole list, in this browser alone.
// `words` is put in front by the server.

const element = (id) => document.getElementById(id);
const page = element('page');
const form = element('check');
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const count = (n) => n.toLocaleString(words.language);

// Away is no lie: something could not be fetched or read.
class Away extends Error {}

async function ask(path, accept) {
  let answer;
  try {
    answer = await fetch(page.dataset.base + path, {headers: {Accept: accept}});
  } catch {
    throw new Away('offline');
  }
  if (!answer.ok) throw new Away('unavailable');
  return answer;
}

function found(holds, text) {
  const item = document.createElement('li');
  item.className = holds ? 'holds' : 'fails';
  item.textContent = text;
  element('findings').append(item);
}

function progress(share) {
  element('progress').hidden = share === null;
  if (share !== null) element('progress').value = share;
}

// breathe lets the browser paint and answer the visitor.
const breathe = (from, to) => (share) => {
  progress(from + share * (to - from));
  return new Promise((resume) => setTimeout(resume));
};

async function checkSeed(published) {
  const seed = unhex(published.seed);
  const ours = hex(sha256(seed));
  if (crypto.subtle) {
    const theirs = new Uint8Array(await crypto.subtle.digest('SHA-256', seed));
    if (ours !== Array.from(theirs, (b) => b.toString(16).padStart(2, '0')).join('')) throw new Away('broken');
  }
  if (ours !== published.commitment) throw new Lie('seed', {is: published.commitment, should: ours});
  found(true, words.seed);
}

async function checkList(published, receipt) {
  const list = new ListCheck(published, receipt ? receipt.entry : '');
  const pieces = (await ask('/draw/list', 'text/plain')).body.getReader();
  const pause = breathe(0, 0.5);
  for (let rested = 0; ;) {
    let piece;
    try {
      piece = await pieces.read();
    } catch {
      throw new Away('offline');
    }
    if (piece.done) break;
    list.feed(piece.value);
    if (list.lines - rested > 10000) {
      rested = list.lines;
      await pause(list.lines / published.entries.count);
    }
  }
  await list.end(breathe(0.5, 1));
  found(true, fill(words.order, {count: count(list.count)}));
  found(true, words.root);
  if (published.public) found(true, fill(words.value, published.public));
  else found(true, words.no_value);
  return list.number;
}

function checkNumber(receipt, number, total) {
  if (!number) throw new Lie('missing', {});
  if (receipt.number && receipt.number !== number) throw new Lie('number', {is: count(number), should: count(receipt.number)});
  found(true, fill(words.number, {number: count(number), count: count(total)}));
}

async function check(text) {
  const receipt = parseReceipt(text);
  if (text.trim() && !receipt) throw new Away('no_receipt');
  const published = await (await ask('/draw', 'application/json')).json().catch(() => { throw new Away('unavailable'); });
  if (published.version !== 1) throw new Away('newer');
  if (receipt) {
    if (receipt.event !== published.event) throw new Away('other_event');
    if (receipt.commitment !== published.commitment) throw new Lie('commitment', {is: published.commitment, should: receipt.commitment});
    found(true, words.commitment);
  }
  if (published.phase !== 'drawn') return fill(words.not_drawn, {});
  await checkSeed(published);
  const number = await checkList(published, receipt);
  if (!receipt) return words.all_true;
  checkNumber(receipt, number, published.entries.count);
  return fill(words.true, {number: count(number)});
}

async function run(event) {
  event.preventDefault();
  const button = form.querySelector('button');
  if (button.disabled) return;
  button.disabled = true;
  element('findings').replaceChildren();
  element('verdict').textContent = words.checking;
  element('verdict').className = '';
  progress(0);
  try {
    element('verdict').textContent = await check(element('receipt').value);
    element('verdict').className = 'holds';
  } catch (error) {
    if (error instanceof Lie) found(false, fill(words['lie_' + error.about], error.values));
    else if (!(error instanceof Away)) console.error(error);
    element('verdict').textContent = error instanceof Lie ? words.false : words[error.message] || words.broken;
    element('verdict').className = 'fails';
  }
  progress(null);
  button.disabled = false;
}

// The part of an address after # never leaves the browser, so a link can carry a
// receipt here. A receipt holds nothing that an address would change.
const carried = location.hash.slice(1);
element('receipt').value = carried;
form.addEventListener('submit', run);
form.hidden = false;
if (carried) form.requestSubmit();
