import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { expectLegible, startBrowser, views } from './browser.ts';
import type { TestBrowser } from './browser.ts';
import { startConsole } from './console-site.ts';
import type { ConsoleSite } from './console-site.ts';
import { setDeadLetters } from './dead-letters-scene.ts';
import type { DeadLettersScene } from './dead-letters-scene.ts';

let database: TestDatabase;
let scene: DeadLettersScene;
let site: ConsoleSite;
let browser: TestBrowser;

beforeAll(async () => {
  database = await createTestDatabase();
  scene = await setDeadLetters(database);
  site = await startConsole(database);
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await site.close();
  await database.drop();
});

describe('dead letters in a browser', () => {
  test.each(views)('are legible, and never wider than the screen: $width, $colorScheme', async (view) => {
    await browser.browse(site, view, async (page) => {
      for (const [name, path] of [
        ['letters', '/dead-letters'],
        ['letters-filtered', '/dead-letters?state=open&tenant=tnt_a'],
        ['letter', `/dead-letters/${scene.markup.eventId}`],
        ['letter-again', `/dead-letters/${scene.timeouts[4]?.eventId}`],
        ['redrive', '/dead-letters/redrive?cause=attempts-exhausted'],
      ] as const) {
        await page.goto(`${site.url}${path}`);
        await browser.photograph(page, `${name}-${view.width}-${view.colorScheme}`);
        await expectLegible(page);
      }
    });
  });

  test('lead a person from what killed jobs to their redrive', async () => {
    await browser.browse(site, { width: 'narrow', colorScheme: 'light' }, async (page) => {
      await page.getByRole('link', { name: 'Dead letters' }).click();
      await page.getByRole('link', { name: 'Redrive', exact: true }).last().click();
      const main = page.getByRole('main');
      expect(await main.innerText()).toContain('Would be redriven');
      await page.getByLabel('Reason').fill('Their API is back');
      await page.getByLabel('Your name').fill('Ada');
      await page.getByRole('button', { name: /^Redrive \d+ jobs?$/ }).click();
      expect(await main.innerText()).toMatch(/\d jobs? redriven\. None is left\./);
      await browser.photograph(page, 'redriven-narrow-light');
      await expectLegible(page);
      await page.getByRole('main').getByRole('link', { name: 'Dead letters' }).click();
      expect(await main.innerText()).toContain('none open');
    });
  });
});
