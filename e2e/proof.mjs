// How fast a browser does the work before joining, at full speed and throttled.
// node proof.mjs; the figures in docs/proof.md come from here.
import { readFile } from 'node:fs/promises';
import { startBrowser } from './demo.mjs';

const RUNS = 20;
const WORK = 60_000; // hashes on average, the most that an event may ask for
const SHARES = 16;

const source = await readFile(new URL('../web/page/static/min/proof.js', import.meta.url), 'utf8');
const browser = await startBrowser();
try {
  for (const slower of [1, 4, 6]) {
    const page = await browser.newPage();
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: slower });
    // By the time of the page's thread, so that what else runs here does not count.
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    const busy = async () => (await devtools.send('Performance.getMetrics')).metrics.find((m) => m.name === 'TaskDuration').value;
    const before = await busy();
    const took = await page.evaluate(async ({ source, runs, limit, shares }) => {
      const { work } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
      const all = [];
      for (let run = 0; run < runs; run++) {
        const seed = Array.from(crypto.getRandomValues(new Uint8Array(32)), (b) => b.toString(16).padStart(2, '0')).join('');
        const answer = await work({ challenge: 'c', seed, limit, shares });
        all.push(answer.split('.').slice(1).reduce((sum, n) => sum + parseInt(n, 36) + 1, 0));
      }
      return all;
    }, { source, runs: RUNS, limit: Math.floor(2 ** 32 / (WORK / SHARES)), shares: SHARES });
    const seconds = await busy() - before;
    const perSecond = took.reduce((sum, hashes) => sum + hashes, 0) / seconds;
    const longest = Math.max(...took) / perSecond;
    console.log(`${slower}x slower: ${Math.round(perSecond / 1000)} kH/s; ${WORK} hashes take ${Math.round(WORK / perSecond * 1000)} ms, the longest of ${RUNS} ${Math.round(longest * 1000)} ms`);
    await page.close();
  }
} finally {
  await browser.close();
}
