import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { reportNotProven } from '../../support/test-run.ts';
import type { ConsoleSite } from './console-site.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

export const widths = { wide: { width: 1280, height: 900 }, narrow: { width: 390, height: 844 } } as const;

export type View = Readonly<{ width: keyof typeof widths; colorScheme: 'light' | 'dark' }>;

export const views: readonly View[] = [
  { width: 'wide', colorScheme: 'light' },
  { width: 'wide', colorScheme: 'dark' },
  { width: 'narrow', colorScheme: 'light' },
  { width: 'narrow', colorScheme: 'dark' },
];

/** What is wrong with any page of the console, beside what its test looks for. */
export async function expectLegible(page: Page): Promise<void> {
  expect(await faintTexts(page)).toEqual([]);
  const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
  expect(await page.evaluate(overflow)).toBe(0);
}

export type TestBrowser = Readonly<{
  /** A page without a session; undefined where there is no browser. */
  open(width: View['width']): Promise<Page | undefined>;
  /** Opens pages, signed in as admin, until `visit` is done; fails when one logs an error or breaks its own policy. */
  browse(site: ConsoleSite, view: View, visit: (page: Page) => Promise<void>): Promise<void>;
  photograph(page: Page, name: string): Promise<void>;
  close(): Promise<void>;
}>;

/** Chromium, where there is one; elsewhere visits are left out, and the run says so. */
export async function startBrowser(): Promise<TestBrowser> {
  const browser = await launch();
  const screenshots = mkdtempSync(join(tmpdir(), 'hookledger-console-'));
  if (browser !== undefined) console.log(`screenshots of the console: ${screenshots}`);
  return {
    open: async (width) => browser?.newPage({ viewport: widths[width] }),
    async browse(site, { width, colorScheme }, visit) {
      if (browser === undefined) return;
      const context = await browser.newContext({ viewport: widths[width], colorScheme });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        // The browser asks for an icon of a page that is JSON.
        if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico'))
          complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(await site.signInUrl('admin'));
      await visit(page);
      await context.close();
      expect(complaints).toEqual([]);
    },
    photograph: async (page, name) => {
      await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
    },
    close: async () => browser?.close(),
  };
}

async function launch(): Promise<Browser | undefined> {
  if (executablePath === undefined) {
    reportNotProven('the console in a browser (no Chromium found)');
    return undefined;
  }
  return chromium.launch({
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
