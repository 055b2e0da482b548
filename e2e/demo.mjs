// Starts the demo on free ports and opens browsers on it.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const root = join(import.meta.dirname, '..');

// People see the demo's own line, which is longer. Here it is as short as a
// test on a busy machine can be sure to finish in.
const SHORT = '8s';

// Several times the wait is a fault.
export const TURN_MS = 60_000;

const browserPaths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

// startDemo builds and runs the demo and resolves to what it printed:
// {shop, gateway, buy, api, api_key, event}, with stop() added. A newcomer then
// waits for about `wait`.
export async function startDemo(wait = SHORT) {
  const dir = mkdtempSync(join(tmpdir(), 'rushgate-e2e-'));
  const binary = join(dir, 'rushgate');
  execFileSync('go', ['build', '-buildvcs=false', '-o', binary, './cmd/rushgate'], { cwd: root, stdio: 'inherit' });
  const anyPort = '127.0.0.1:0';
  const demo = spawn(binary, ['demo', '--gateway', anyPort, '--api', anyPort, '--ops', anyPort, '--wait', wait, '--json'], {
    cwd: dir, // so that nothing is picked up from where the tests run
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => demo.once('exit', resolve));
  const stop = async () => {
    demo.kill('SIGTERM');
    await exited;
    rmSync(dir, { recursive: true });
  };
  const lines = createInterface({ input: demo.stdout });
  const line = await Promise.race([
    new Promise((resolve) => lines.once('line', resolve)),
    exited.then((code) => { throw new Error(`the demo ended before it printed its URLs: exit ${code}`); }),
  ]);
  return { ...JSON.parse(line), stop };
}

export function startBrowser() {
  const executablePath = process.env.CHROMIUM ?? browserPaths.find((path) => existsSync(path));
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

// organizer makes the API call that the demo prints, and answers its JSON.
export async function organizer(demo, action, body) {
  const response = await fetch(`${demo.api}/${action}`, {
    method: action === 'live' ? 'GET' : 'POST',
    headers: { Authorization: `Bearer ${demo.api_key}`, 'Content-Type': 'application/json' },
    body: action === 'live' ? undefined : JSON.stringify(body ?? {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`organizer ${action}: ${response.status} ${text}`);
  return text === '' ? {} : JSON.parse(text);
}

// releaseAll lets the line go. It must name the number waiting, which changes
// while we look: a few tries are fair.
export async function releaseAll(demo) {
  for (let tries = 5; ; tries--) {
    const { waiting } = await organizer(demo, 'live');
    try {
      return await organizer(demo, 'release-all', { waiting });
    } catch (error) {
      if (tries === 1) throw error;
    }
  }
}

// arrive opens the buying page, whose script joins, and resolves to the number.
export async function arrive(page, demo) {
  await page.goto(demo.buy);
  return numberOn(page);
}

// numberOn resolves to the number that the page shows.
export async function numberOn(page) {
  const number = page.locator('#number').filter({ hasText: /\d/ });
  await number.waitFor();
  return Number((await number.innerText()).replace(/\D/g, ''));
}

// atTheShop resolves when the visitor has been let through.
export function atTheShop(page) {
  return page.getByRole('heading', { name: 'Choose your seats' }).waitFor({ timeout: TURN_MS });
}

// purchase walks from the seats to the tickets.
export async function purchase(page) {
  await page.getByRole('button', { name: 'Hold these seats' }).first().click();
  await page.locator('#pay').click();
  await page.getByRole('heading', { name: 'You have your tickets' }).waitFor();
}
