// Takes the README's picture of the waiting page: docs/images/waiting.png.
import { join } from 'node:path';
import { arrive, startBrowser, startDemo } from './demo.mjs';

const PHONE = { width: 390, height: 676 };

const demo = await startDemo('3m');
const browser = await startBrowser();
try {
  const context = await browser.newContext({ viewport: PHONE, deviceScaleFactor: 2 });
  const page = await context.newPage();
  await arrive(page, demo);
  await page.waitForTimeout(40_000); // until the line has moved, so that there is a way to show
  const looks = [];
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    looks.push((await page.screenshot()).toString('base64'));
  }

  const picture = await browser.newPage({ viewport: { width: 2 * PHONE.width + 20, height: PHONE.height }, deviceScaleFactor: 2 });
  await picture.setContent(`<body style="margin:0;display:flex;justify-content:space-between">${
    looks.map((look) => `<img src="data:image/png;base64,${look}" width="${PHONE.width}">`).join('')}`);
  await picture.screenshot({ path: join(import.meta.dirname, '..', 'docs', 'images', 'waiting.png'), omitBackground: true });
} finally {
  await browser.close();
  await demo.stop();
}
