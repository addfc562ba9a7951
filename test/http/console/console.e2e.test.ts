import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { setScenario, webhooks } from '../../finance/scenario.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { reportNotProven } from '../../support/test-run.ts';
import { startConsole } from './console-site.ts';
import type { ConsoleSite } from './console-site.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const screenshots = mkdtempSync(join(tmpdir(), 'hookledger-console-'));

const widths = { wide: { width: 1280, height: 900 }, narrow: { width: 390, height: 844 } } as const;

let database: TestDatabase;
let site: ConsoleSite;
let browser: Browser | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  await setScenario(database.adminPool);
  site = await startConsole(database);
  if (executablePath === undefined) {
    reportNotProven('the console in a browser (no Chromium found)');
    return;
  }
  browser = await chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  console.log(`screenshots of the console: ${screenshots}`);
});
afterAll(async () => {
  await browser?.close();
  await site.close();
  await database.drop();
});

type View = Readonly<{ width: keyof typeof widths; colorScheme: 'light' | 'dark' }>;

/** Opens pages, signed in, until `visit` is done; fails when a page logs an error or breaks its own content policy. */
async function browse({ width, colorScheme }: View, visit: (page: Page) => Promise<void>): Promise<void> {
  if (browser === undefined) return;
  const context = await browser.newContext({ viewport: widths[width], colorScheme });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    // The browser asks for an icon of a page that is JSON.
    if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(await site.signInUrl('admin'));
  await visit(page);
  await context.close();
  expect(complaints).toEqual([]);
}

async function photograph(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}

/** Text whose contrast to what is behind it is below WCAG AA. */
async function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const channels = (color) => color.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => [r, g, b]
      .map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (element) => {
      for (let at = element; at !== null; at = at.parentElement) {
        const color = channels(getComputedStyle(at).backgroundColor);
        if (color.length === 3 || color[3] > 0) return color;
      }
      return [255, 255, 255];
    };
    const faint = [];
    for (const element of document.body.querySelectorAll('*')) {
      const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join('');
      if (text === '' || element.closest('.skip')) continue;
      const [a, b] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))].sort((x, y) => y - x);
      if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(text);
    }
    return faint;
  })()`);
}

const views: readonly View[] = [
  { width: 'wide', colorScheme: 'light' },
  { width: 'wide', colorScheme: 'dark' },
  { width: 'narrow', colorScheme: 'light' },
  { width: 'narrow', colorScheme: 'dark' },
];

describe('the console in a browser', () => {
  test.each(views)('shows every story legibly and never wider than the screen: $width, $colorScheme', async (view) => {
    await browse(view, async (page) => {
      await photograph(page, `list-${view.width}-${view.colorScheme}`);
      for (const [name, id] of Object.entries(webhooks)) {
        await page.goto(`${site.url}/webhooks/${id}`);
        await photograph(page, `${name}-${view.width}-${view.colorScheme}`);
        expect(await faintTexts(page)).toEqual([]);
        const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
        expect(await page.evaluate(overflow)).toBe(0);
      }
    });
  });

  test('leads from the list to the story of a webhook, step by step down to its figures', async () => {
    await browse({ width: 'wide', colorScheme: 'light' }, async (page) => {
      await page.getByRole('link', { name: /^call_analyzed/ }).click();
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain('call_analyzed');
      const steps = await page.getByRole('main').getByRole('heading', { level: 2 }).allInnerTexts();
      expect(steps).toEqual(['Request', 'Events', 'Outbox', 'Jobs', 'Read-model lines', 'Figures']);
      expect(await page.locator('a[aria-current="page"]').innerText()).toContain('call_analyzed');
      await page.getByRole('link', { name: /GET \/v1\/usage/ }).click();
      expect(await page.locator('body').innerText()).toContain('"quantity":"120"');
    });
  });

  test('can be used with the keyboard alone', async () => {
    await browse({ width: 'wide', colorScheme: 'light' }, async (page) => {
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('main');
    });
  });

  test('tells whoever is not signed in how to get a link', async () => {
    if (browser === undefined) return;
    for (const [width, viewport] of Object.entries(widths)) {
      const page = await browser.newPage({ viewport });
      await page.goto(site.url);
      expect(await page.getByRole('main').innerText()).toContain('npx hookledger console sign-in');
      await photograph(page, `sign-in-${width}`);
      await page.close();
    }
  });
});
