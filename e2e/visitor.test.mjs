// The visitor's way, as a browser walks it through the demo.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { TURN_MS, arrive, atTheShop, numberOn, organizer, purchase, releaseAll, startBrowser, startDemo } from './demo.mjs';

const axe = createRequire(import.meta.url).resolve('axe-core');

describe('the waiting room', { timeout: 10 * 60_000 }, () => {
  let demo, browser;

  before(async () => {
    demo = await startDemo();
    browser = await startBrowser();
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  // visit opens a fresh browser profile for one test.
  async function visit(t, options) {
    const context = await browser.newContext(options);
    t.after(() => context.close());
    return context.newPage();
  }

  test('arrive, wait, come in, buy', async (t) => {
    const page = await visit(t);
    const complaints = [];
    const strangers = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      const atTheDoor = message.location().url.endsWith('/claim') && message.text().includes('429'); // an answer, not a fault
      if (message.type() === 'error' && !atTheDoor) complaints.push(message.text());
    });
    page.on('request', (request) => { if (!request.url().startsWith(demo.gateway) && !request.url().startsWith('data:')) strangers.push(request.url()); });

    const number = await arrive(page, demo);
    assert.ok(number > 0, `number ${number}`);
    await atTheShop(page);
    assert.match(await page.locator('#entry').innerText(), new RegExp(`\\b${number}\\b`), 'the shop sees the number that the page showed');
    assert.deepEqual(complaints, [], 'the page breaks no policy of its own');
    assert.deepEqual(strangers, [], 'the page asks nobody but the gateway');

    await purchase(page);
    await page.reload();
    await page.getByRole('heading', { name: 'You have your tickets' }).waitFor();

    await page.goto(demo.buy);
    assert.ok(await numberOn(page) > number, 'who has bought stands in the line again, at the end');
  });

  test('tabs and reloads keep the number, another browser has its own', async (t) => {
    const first = await visit(t);
    const number = await arrive(first, demo);
    const second = await first.context().newPage();
    assert.equal(await arrive(second, demo), number);
    await first.reload();
    assert.equal(await numberOn(first), number);
    const stranger = await visit(t);
    assert.ok(await arrive(stranger, demo) > number);
  });

  test('the whole way without JavaScript', async (t) => {
    const page = await visit(t, { javaScriptEnabled: false });
    await page.goto(demo.buy);
    await page.locator('form.join button:visible').click();
    const number = await numberOn(page);
    await atTheShop(page); // by the page's own meta refresh
    assert.match(await page.locator('#entry').innerText(), new RegExp(`\\b${number}\\b`));
    await purchase(page);
  });

  test('the organizer pauses and goes on', async (t) => {
    const page = await visit(t);
    await arrive(page, demo);
    t.after(() => organizer(demo, 'unpause'));
    await organizer(demo, 'pause');
    await page.locator('#banner', { hasText: 'paused' }).waitFor({ timeout: TURN_MS });
    await organizer(demo, 'unpause');
    await atTheShop(page);
  });

  for (const colorScheme of ['light', 'dark']) {
    test(`nothing on the waiting page keeps anybody out: ${colorScheme}`, async (t) => {
      const page = await visit(t, { colorScheme, bypassCSP: true }); // axe is a script that the page's policy refuses
      await arrive(page, demo);
      await page.addScriptTag({ path: axe });
      const { violations } = await page.evaluate(() => window.axe.run());
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), []);
    });
  }

  test('320 px are enough for every page', async (t) => {
    const page = await visit(t, { viewport: { width: 320, height: 640 } });
    const fits = async (name) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 320), `${name} scrolls sideways`);
    await arrive(page, demo);
    await fits('the waiting page');
    await atTheShop(page);
    await fits('the seats');
    await page.getByRole('button', { name: 'Hold these seats' }).first().click();
    await page.locator('#pay').waitFor();
    await fits('the checkout');
  });

  // The last test: it leaves no line behind.
  test('the organizer lets everybody in, then turns the room on again', async (t) => {
    const page = await visit(t);
    await arrive(page, demo);
    t.after(() => organizer(demo, 'resume'));
    await releaseAll(demo);
    await atTheShop(page);
    const passerBy = await visit(t);
    assert.equal((await passerBy.goto(demo.buy)).headers()['rushgate-state'], undefined, 'while the room is off nobody waits');
    await organizer(demo, 'resume');
    assert.equal((await organizer(demo, 'live')).controls.suspended, false);
  });
});
