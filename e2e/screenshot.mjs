// Takes the README's picture of the waiting page: docs/images/waiting.png.
import { join } from 'node:path';
import { arrive, startBrowser, startDemo } from './demo.mjs';

const demo = await startDemo();
const browser = await startBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 760, height: 760 }, deviceScaleFactor: 2 });
  await arrive(page, demo);
  await page.waitForTimeout(3000); // until there is a wait to show
  await page.screenshot({ path: join(import.meta.dirname, '..', 'docs', 'images', 'waiting.png') });
} finally {
  await browser.close();
  await demo.stop();
}
