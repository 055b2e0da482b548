// The work that some events ask for before joining: the twin of
// admission/proof.go, and a file of its own, since most never need it. Its own SHA-256, because the browser's answers later, and
// that takes longer than the hash; and because it needs no secure context.

const [SHA_K, SHA_H] = (() => { // the fractions of the roots of the first primes
  const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  return [Int32Array.from(primes, (p) => fraction(Math.cbrt(p))), Int32Array.from(primes.slice(0, 8), (p) => fraction(Math.sqrt(p)))];
})();

// firstWord hashes the one block in w[0] to w[15] and returns the first 32 bits.
function firstWord(w) {
  let [a, b, c, d, e, f, g, h] = SHA_H;
  for (let i = 0; i < 64; i++) {
    if (i > 15) {
      const x = w[i - 15];
      const y = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
    }
    const t = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + SHA_K[i] + w[i] | 0;
    const u = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c) | 0;
    h = g; g = f; f = e; e = d + t | 0; d = c; c = b; b = a; a = t + u | 0;
  }
  return SHA_H[0] + a >>> 0;
}

// breath lets the page draw; unlike a timer it takes no second in a hidden tab.
const breath = () => new Promise((done) => {
  const {port1, port2} = new MessageChannel();
  port1.onmessage = () => { port1.close(); done(); };
  port2.postMessage(0);
});

export async function work({challenge, seed, limit, shares}) {
  const w = new Int32Array(64);
  for (let i = 0; i < 8; i++) w[i] = parseInt(seed.slice(8 * i, 8 * i + 8), 16);
  w[10] = 1 << 31; // what ends a message of 40 bytes
  w[15] = 320;
  let pause = performance.now() + 20;
  for (let i = 0; i < shares; i++) {
    w[8] = i;
    let n = 0;
    for (w[9] = n; firstWord(w) >= limit; w[9] = ++n) {
      if (n % 128 || performance.now() < pause) continue;
      await breath();
      pause = performance.now() + 20;
    }
    challenge += `.${n.toString(36)}`;
  }
  return challenge;
}
