'use strict';
// The draw's rules, without the page: the twin of package draw, which says what
// each of them is for. SHA-256 is our own because a list of a million takes five
// million hashes, and WebCrypto answers each by a promise; a page on plain http
// has no WebCrypto at all. Where there is one, the page holds ours against it.

const SPACE = 2 ** 52;
const WORDS = 4; // of 32 bits, in an entry

// Round constants are the fractions of the cube roots of the first 64 primes,
// the initial state those of the square roots of the first 8 (FIPS 180-4).
const ROUND = new Int32Array(64);
const INITIAL = new Int32Array(8);
for (let n = 0, p = 2; n < 64; p++) {
  let prime = true;
  for (let d = 2; d * d <= p; d++) if (p % d === 0) prime = false;
  if (!prime) continue;
  if (n < 8) INITIAL[n] = (p ** 0.5 % 1) * 2 ** 32;
  ROUND[n++] = (p ** (1 / 3) % 1) * 2 ** 32;
}

const schedule = new Int32Array(64); // its first 16 words are the block that compress takes
const state = new Int32Array(8);

// compress runs one block from one state into another; they may be the same.
function compress(from, to) {
  const w = schedule;
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15];
    const y = w[i - 2];
    w[i] = w[i - 16] + w[i - 7] +
      ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) +
      ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
  }
  let a = from[0], b = from[1], c = from[2], d = from[3], e = from[4], f = from[5], g = from[6], h = from[7];
  for (let i = 0; i < 64; i++) {
    const one = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + ROUND[i] + w[i] | 0;
    const two = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c) | 0;
    h = g; g = f; f = e; e = d + one | 0;
    d = c; c = b; b = a; a = one + two | 0;
  }
  to[0] = from[0] + a; to[1] = from[1] + b; to[2] = from[2] + c; to[3] = from[3] + d;
  to[4] = from[4] + e; to[5] = from[5] + f; to[6] = from[6] + g; to[7] = from[7] + h;
}

// finish ends a message of so many bytes whose rest stands in the block already.
function finish(from, to, used, bytes) {
  schedule.fill(0, used, 15);
  schedule[15] = bytes * 8;
  compress(from, to);
}

// sha256 of bytes, as eight words.
function sha256(bytes) {
  const padded = new Uint8Array((bytes.length + 72) & ~63);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, bytes.length * 8);
  const out = INITIAL.slice();
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i++) schedule[i] = view.getInt32(at + 4 * i);
    compress(out, out);
  }
  return out;
}

const hex = (words) => Array.from(words, (w) => (w >>> 0).toString(16).padStart(8, '0')).join('');
const unhex = (text) => Uint8Array.from(text.match(/../g), (two) => parseInt(two, 16));
const first52 = (words) => (words[0] >>> 0) * 2 ** 20 + (words[1] >>> 12);

const turnOf = (value) => value ? first52(sha256(new TextEncoder().encode(`rushgate draw value 1\0${value}\0`))) : 0;

// orderer gives the order of an entry under a seed (64 digits) after a turn.
// HMAC's two keyed blocks are worked through once, not a million times.
function orderer(seed, turn) {
  const key = new DataView(unhex(seed).buffer);
  const keyed = [0x36363636, 0x5c5c5c5c].map((pad) => {
    schedule.fill(pad, 0, 16);
    for (let i = 0; i < 8; i++) schedule[i] = key.getInt32(4 * i) ^ pad;
    const out = new Int32Array(8);
    compress(INITIAL, out);
    return out;
  });
  return (entries, at) => {
    for (let i = 0; i < WORDS; i++) schedule[i] = entries[at + i];
    schedule[4] = 1 << 31;
    finish(keyed[0], state, 5, 64 + 16);
    schedule.set(state);
    schedule[8] = 1 << 31;
    finish(keyed[1], state, 9, 64 + 32);
    const turned = Math.max(1, first52(state)) - turn;
    return Math.max(1, turned < 0 ? turned + SPACE : turned);
  };
}

// A Lie is the first thing found that isn't as it was promised; about names a
// sentence of the catalogue.
class Lie extends Error {
  constructor(about, values) {
    super(about);
    this.about = about;
    this.values = values;
  }
}

const DIGIT = new Int8Array(256).fill(-1);
for (let i = 0; i < 16; i++) DIGIT['0123456789abcdef'.charCodeAt(i)] = i;

// ListCheck takes the text of a list in pieces and throws the first Lie.
class ListCheck {
  constructor(published, mine) {
    this.count = published.entries.count;
    this.root = published.entries.root;
    this.mine = mine; // an entry to look for, or ''
    this.number = 0; // where it stands
    this.lines = 0;
    this.digits = 0; // of the line under way
    this.entries = new Int32Array(WORDS * (this.count + 1));
    this.order = orderer(published.seed, turnOf(published.public && published.public.value));
    this.last = 0; // the order of the line before
    this.same = 0; // the first line with that order
  }

  feed(bytes) {
    for (const byte of bytes) {
      if (this.digits === 8 * WORDS) {
        if (byte !== 10) throw new Lie('unreadable', {line: this.lines + 1});
        this.digits = 0;
        this.endLine();
        continue;
      }
      const digit = DIGIT[byte];
      if (digit < 0) throw new Lie('unreadable', {line: this.lines + 1});
      if (this.lines >= this.count) throw new Lie('count', {is: this.count + 1, should: this.count});
      const word = WORDS * this.lines + (this.digits >> 3);
      this.entries[word] = this.entries[word] << 4 | digit;
      this.digits++;
    }
  }

  entry(line) { return hex(this.entries.subarray(WORDS * line, WORDS * (line + 1))); }

  endLine() {
    const line = this.lines++;
    const order = this.order(this.entries, WORDS * line);
    if (order < this.last) throw new Lie('order', {line: line + 1, is: this.entry(line)});
    if (order > this.last) this.same = line;
    for (let other = this.same; other < line; other++) {
      if (this.entry(other) === this.entry(line)) throw new Lie('twice', {line: line + 1, is: this.entry(line), first: other + 1});
    }
    this.last = order;
    if (this.mine && this.entries[WORDS * line] === parseInt(this.mine.slice(0, 8), 16) >> 0 && this.entry(line) === this.mine) this.number = line + 1;
  }

  async end(breathe) {
    if (this.digits) throw new Lie('unreadable', {line: this.lines + 1});
    if (this.lines !== this.count) throw new Lie('count', {is: this.lines, should: this.count});
    const root = await rootOf(this.entries, this.count, breathe);
    if (root !== this.root) throw new Lie('root', {is: root, should: this.root});
  }
}

// sorted numbers the entries bytewise: a radix sort by 16 bits, the last first.
function sorted(entries, count) {
  let from = Uint32Array.from({length: count}, (_, i) => i);
  let to = new Uint32Array(count);
  for (let word = WORDS - 1; word >= 0; word--) {
    for (const shift of [0, 16]) {
      const starts = new Uint32Array(65537);
      const part = (i) => entries[WORDS * i + word] >>> shift & 0xffff;
      for (let i = 0; i < count; i++) starts[part(i) + 1]++;
      for (let i = 0; i < 65536; i++) starts[i + 1] += starts[i];
      for (let i = 0; i < count; i++) to[starts[part(from[i])]++] = from[i];
      [from, to] = [to, from];
    }
  }
  return from;
}

// join leaves the hash of 1, left and right in left: 65 bytes, so a block and a byte.
function join(left, right) {
  let carry = 1;
  for (let i = 0; i < 16; i++) {
    const word = i < 8 ? left[i] : right[i - 8];
    schedule[i] = carry << 24 | word >>> 8;
    carry = word;
  }
  compress(INITIAL, left);
  schedule[0] = carry << 24 | 1 << 23;
  finish(left, left, 1, 65);
}

// rootOf is the Merkle Tree Hash of RFC 6962 over the entries, sorted bytewise.
async function rootOf(entries, count, breathe) {
  if (!count) return hex(sha256(new Uint8Array()));
  const roots = []; // of the perfect trees so far, the largest first
  const byValue = sorted(entries, count);
  for (let n = 0; n < count; n++) {
    let carry = 0;
    for (let i = 0; i < WORDS; i++) {
      const word = entries[WORDS * byValue[n] + i];
      schedule[i] = carry << 24 | word >>> 8;
      carry = word;
    }
    schedule[4] = carry << 24 | 1 << 23;
    const leaf = new Int32Array(8);
    finish(INITIAL, leaf, 5, 17);
    roots.push(leaf);
    for (let full = n; full & 1; full >>= 1) join(roots[roots.length - 2], roots.pop());
    if (n % 20000 === 0) await breathe(n / count);
  }
  while (roots.length > 1) join(roots[roots.length - 2], roots.pop());
  return hex(roots[0]);
}

// parseReceipt reads a receipt's line; null when it is none.
function parseReceipt(text) {
  const parts = /^rushgate-draw-1:([a-z0-9-]{1,40}):([0-9a-f]{32}):([0-9a-f]{64})(?::([1-9]\d{0,7}))?$/.exec(text.trim());
  return parts && {event: parts[1], entry: parts[2], commitment: parts[3], number: Number(parts[4] || 0)};
}
