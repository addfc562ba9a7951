import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { reports } from '../../../src/finance/reports.ts';
import { expectLegible, startBrowser, views } from './browser.ts';
import type { TestBrowser } from './browser.ts';
import { startConsole } from './console-site.ts';
import type { ConsoleSite } from './console-site.ts';
import { ACME, BOREAS, setFinanceScene } from './finance-scene.ts';
import type { FinanceScene } from './finance-scene.ts';

let scene: FinanceScene;
let site: ConsoleSite;
let browser: TestBrowser;

beforeAll(async () => {
  scene = await setFinanceScene();
  site = await startConsole(scene.books.database);
  browser = await startBrowser();
}, 60_000);
afterAll(async () => {
  await browser.close();
  await site.close();
  await scene.books.close();
});

const wide = { width: 'wide', colorScheme: 'light' } as const;

/** What axe finds wrong for those who do not see the page or use no mouse. */
async function faultsOf(page: Page): Promise<string[]> {
  const cdp = await page.context().newCDPSession(page);
  // The page's own policy forbids foreign scripts; the test does not need its leave.
  await cdp.send('Page.setBypassCSP', { enabled: true });
  await page.reload();
  await page.addScriptTag({ content: axe.source });
  return page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', ')))`);
}

const pages = () => [
  ['overview', '/finance?from=2026-09-01'],
  ['tenant', `/finance/tenants/${BOREAS}`],
  ['statement', `/finance/statements/${scene.statementId}`],
  ['periods', '/finance/periods'],
  ['period-closed', '/finance/periods/2026-10'],
  ['period-open', '/finance/periods/2026-11'],
  ...reports.map(({ name }) => [`report-${name.replaceAll('/', '-')}`, `/finance/reports/${name}`]),
  ['report-compare', '/finance/reports/compare?from=2026-10-01&to=2026-11-01&as_of_a=2026-11-04T00:00:00Z'],
];

describe('the pages of finance in a browser', () => {
  test.each(views)(
    'are legible and never wider than the screen: $width, $colorScheme',
    async (view) => {
      await browser.browse(site, view, async (page) => {
        for (const [name = '', path = ''] of pages()) {
          const answer = await page.goto(`${site.url}${path}`);
          expect([path, answer?.status()]).toEqual([path, 200]);
          await browser.photograph(page, `${name}-${view.width}-${view.colorScheme}`);
          await expectLegible(page);
        }
      });
    },
    120_000,
  );

  test('axe finds nothing wrong with them', async () => {
    await browser.browse(site, wide, async (page) => {
      for (const [, path = ''] of pages()) {
        await page.goto(`${site.url}${path}`);
        expect([path, ...(await faultsOf(page))]).toEqual([path]);
      }
    });
  }, 120_000);
});

describe('a controller who knows the terms and not the system', () => {
  test("finds last month's margin by provider", async () => {
    await browser.browse(site, wide, async (page) => {
      await page.getByRole('link', { name: 'Finance' }).click();
      await page.getByText('Filter', { exact: false }).first().click();
      await page.getByLabel('From (date)').fill('2026-10-01');
      await page.getByLabel('and before').fill('2026-11-01');
      await page.getByRole('button', { name: 'Show' }).click();
      const row = page.getByRole('region', { name: 'By provider' }).getByRole('row').filter({ hasText: 'retell' });
      // Rated: 5 × 120 × 0.02 + (12 × 200 + 600) × 0.005; cost: 5 × 0.3 + 12 × 1.5 + 4
      await expect(row.innerText()).resolves.toMatch(/27\s.*23\.5\s.*3\.5\s.*12\.96 %/s);
    });
  });

  test('finds the tenant at a loss, and why, in three clicks', async () => {
    await browser.browse(site, wide, async (page) => {
      await page.getByRole('link', { name: 'Finance' }).click();
      await page.getByRole('status').getByRole('link', { name: 'Boreas Clinics' }).click();
      expect(page.url()).toContain(`/finance/tenants/${BOREAS}`);
      const october = page.getByRole('region', { name: 'By month' }).getByRole('row').filter({ hasText: '2026-10' });
      await expect(october.innerText()).resolves.toMatch(/loss/);
      await october.getByRole('link', { name: '22', exact: true }).click();
      // The events behind the cost.
      const events = JSON.parse(await page.locator('body').innerText()) as { data: readonly { type: string }[] };
      expect(events.data).toHaveLength(13);
    });
  });

  test("sees why a tenant's bill rose: the statements side by side", async () => {
    await browser.browse(site, wide, async (page) => {
      await page.goto(`${site.url}/finance/reports/statements?tenant_id=${BOREAS}`);
      const rows = page.getByRole('row').filter({ hasText: BOREAS });
      await expect(rows.allInnerTexts()).resolves.toEqual([
        expect.stringMatching(/2026-09.*4 USD/s),
        expect.stringMatching(/2026-10.*12 USD/s),
      ]);
      await rows.nth(1).getByRole('link', { name: /^stm_/ }).click();
      await expect(page.getByRole('article').innerText()).resolves.toMatch(
        /call seconds \(retell\).*2,400 second.*0\.005/s,
      );
    });
  });

  test('finds what is more than 60 days overdue', async () => {
    await browser.browse(site, wide, async (page) => {
      await page.getByRole('link', { name: 'Finance' }).click();
      await page.getByRole('link', { name: 'Receivables', exact: true }).click();
      await page.getByText('Filter', { exact: true }).click();
      await page.getByLabel('Min days past due').fill('61');
      await page.getByRole('button', { name: 'Show' }).click();
      const rows = page.getByRole('row').filter({ hasText: 'tnt_' });
      await expect(rows.allInnerTexts()).resolves.toEqual([expect.stringMatching(/IN_ACME_9.*96 USD/s)]);
    });
  });

  test('sees what changed since the report of the 3rd', async () => {
    await browser.browse(site, wide, async (page) => {
      await page.goto(`${site.url}/finance/reports/compare?from=2026-10-01&to=2026-11-01&as_of_a=2026-11-04T00:00:00Z`);
      const rows = page.getByRole('row').filter({ hasText: BOREAS });
      await expect(rows.allInnerTexts()).resolves.toEqual([
        expect.stringMatching(/cost.*18 USD.*22 USD.*4 USD.*1/s),
        expect.stringMatching(/rated.*12 USD.*15 USD.*3 USD.*1/s),
      ]);
      await page.goto(`${site.url}/finance/periods/2026-10`);
      await page.getByRole('link', { name: 'adjustment', exact: true }).click();
      await expect(page.getByRole('row').filter({ hasText: BOREAS }).count()).resolves.toBe(2);
    });
  });

  test('closes no month while something stands open, and reopens none without a reason', async () => {
    await browser
      .browse(site, wide, async (page) => {
        await page.goto(`${site.url}/finance/periods/2026-10`);
        await page.getByLabel('Who you are').fill('Ada');
        await page.getByLabel('Why it is reopened').fill(' ');
        await page.getByRole('button', { name: 'Reopen 2026-10' }).click();
        await expect(page.getByRole('alert').innerText()).resolves.toMatch(/reason/);
      })
      .catch((error: unknown) => {
        // Chromium logs the refusal's status as an error of the page.
        if (!String(error).includes('409')) throw error;
      });
  });

  test("a tenant's own reader sees its own figures alone", async () => {
    const page = await browser.open('wide');
    if (page === undefined) return;
    await page.goto(await site.signInUrl('finance', ACME));
    await page.goto(`${site.url}/finance?from=2026-09-01`);
    const text = await page.locator('main').innerText();
    expect(text).toContain('Acme Dental');
    expect(text).not.toContain('Boreas');
    const answer = await page.goto(`${site.url}/finance/periods`);
    expect(answer?.status()).toBe(403);
    await page.close();
  });
});
