import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { expectLegible, startBrowser, views } from './browser.ts';
import type { TestBrowser } from './browser.ts';
import { startConsole } from './console-site.ts';
import type { ConsoleSite } from './console-site.ts';
import { setOperations } from './operations-scene.ts';
import type { OperationsScene } from './operations-scene.ts';

let database: TestDatabase;
let scene: OperationsScene;
let site: ConsoleSite;
let browser: TestBrowser;

beforeAll(async () => {
  database = await createTestDatabase();
  scene = await setOperations(database);
  site = await startConsole(database);
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await site.close();
  await scene.bench.close();
  await database.drop();
});

const wide = { width: 'wide', colorScheme: 'light' } as const;

describe('the console in a browser', () => {
  test.each(views)(
    'shows its lists and a conflict legibly, never wider than the screen: $width, $colorScheme',
    async (view) => {
      await browser.browse(site, view, async (page) => {
        for (const [name, path] of [
          ['filtered', '?status=unmapped&provider=stripe&from=2026-01-01T00:00'],
          ['nothing', '?type=nothing.like.it'],
          ['conflicts', '/conflicts'],
          ['conflict', `/conflicts/${scene.conflicts.payment}`],
          ['call-conflict', `/conflicts/${scene.conflicts.call}`],
          ['rejections', '/rejections'],
          ['rejections-filtered', '/rejections?provider=retell'],
        ] as const) {
          await page.goto(`${site.url}${path}`);
          await browser.photograph(page, `${name}-${view.width}-${view.colorScheme}`);
          await expectLegible(page);
        }
      });
    },
  );

  test('narrows the list of webhooks by a form whose answer is an address', async () => {
    await browser.browse(site, wide, async (page) => {
      await page.getByText('Filter', { exact: true }).click();
      await page.getByLabel('Status').selectOption('conflict');
      await page.getByLabel('Provider').selectOption('retell');
      await page.getByRole('button', { name: 'Show' }).click();
      expect(new URL(page.url()).searchParams.get('status')).toBe('conflict');
      const list = page.getByRole('navigation', { name: 'webhooks' }).getByRole('listitem');
      expect(await list.allInnerTexts()).toEqual([expect.stringContaining('call_ended')]);
      await list.first().getByRole('link').click();
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain('call_ended');
      expect(await page.getByText('Filter: 2 set').isVisible()).toBe(true);
    });
  });

  test('lets a person compare two bodies and decide, and the figures follow', async () => {
    expect(await scene.collected('pi_scene')).toBe('100');
    await browser.browse(site, wide, async (page) => {
      await page.getByRole('link', { name: 'Conflicts' }).click();
      await page.getByRole('link', { name: /^payment_intent/ }).click();
      const marked = await page.locator('mark').allInnerTexts();
      expect(marked.map((line) => line.trim())).toEqual([
        '"amount": 10000,',
        '"amount_received": 10000,',
        '"amount": 12000,',
        '"amount_received": 12000,',
      ]);
      await page.getByRole('radio', { name: /the second/ }).check();
      await page.getByLabel('Reason').fill('Stripe’s support confirmed 120 USD');
      await page.getByLabel('Your name').fill('Ada');
      await page.getByRole('button', { name: 'Resolve' }).click();
      expect(await page.getByRole('main').innerText()).toContain('The second body counts.');
      expect(await page.getByRole('main').innerText()).toContain('Ada (admin, session_');
      expect(await scene.collected('pi_scene')).toBe('120');
      await browser.photograph(page, 'resolved-wide-light');
      await expectLegible(page);
    });
  });
});
