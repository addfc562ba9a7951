import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setScenario, webhooks } from '../../finance/scenario.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { expectLegible, startBrowser, views } from './browser.ts';
import type { TestBrowser } from './browser.ts';
import { startConsole } from './console-site.ts';
import type { ConsoleSite } from './console-site.ts';

let database: TestDatabase;
let site: ConsoleSite;
let browser: TestBrowser;

beforeAll(async () => {
  database = await createTestDatabase();
  await setScenario(database.adminPool);
  site = await startConsole(database);
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await site.close();
  await database.drop();
});

describe('the console in a browser', () => {
  test.each(views)('shows every story legibly and never wider than the screen: $width, $colorScheme', async (view) => {
    await browser.browse(site, view, async (page) => {
      await browser.photograph(page, `list-${view.width}-${view.colorScheme}`);
      for (const [name, id] of Object.entries(webhooks)) {
        await page.goto(`${site.url}/webhooks/${id}`);
        await browser.photograph(page, `${name}-${view.width}-${view.colorScheme}`);
        await expectLegible(page);
      }
    });
  });

  test('leads from the list to the story of a webhook, step by step down to its figures', async () => {
    await browser.browse(site, { width: 'wide', colorScheme: 'light' }, async (page) => {
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
    await browser.browse(site, { width: 'wide', colorScheme: 'light' }, async (page) => {
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('main');
    });
  });

  test('tells whoever is not signed in how to get a link', async () => {
    for (const width of ['wide', 'narrow'] as const) {
      const page = await browser.open(width);
      if (page === undefined) return;
      await page.goto(site.url);
      expect(await page.getByRole('main').innerText()).toContain('npx hookledger console sign-in');
      await browser.photograph(page, `sign-in-${width}`);
      await page.close();
    }
  });
});
