import type { PageParts } from './page.ts';
import { html } from './html.ts';

/** For whoever has no session; `refused` after a link that is used or too old. */
export function signInPage({ refused }: { refused: boolean }): PageParts {
  return {
    title: 'Sign in',
    main: html`<section class="notice">
      <h1>${refused ? 'This link no longer signs in' : 'Sign in'}</h1>
      <p>
        ${
          refused
            ? 'A sign-in link works once, for 15 minutes. Ask for a new one on the machine that runs Hookledger:'
            : 'The console opens with a one-time link. Ask for one on the machine that runs Hookledger:'
        }
      </p>
      <pre class="command"><code>npx hookledger console sign-in</code></pre>
      <p class="quiet">It prints an address. Open it in this browser; you stay signed in for 12 hours.</p>
    </section>`,
  };
}

export function notFoundPage(id: string): Pick<PageParts, 'title' | 'main'> {
  return {
    title: 'Not found',
    main: html`<section class="notice">
      <h1>No such webhook</h1>
      <p>Nothing that you may see has the id <code>${id}</code>. Both our ids and the provider’s work here.</p>
    </section>`,
  };
}

export function emptyPage({ hasWebhooks }: { hasWebhooks: boolean }): Pick<PageParts, 'title' | 'main'> {
  return {
    title: 'Webhooks',
    main: html`<section class="notice">
      <h1>${hasWebhooks ? 'Follow a webhook' : 'No webhooks yet'}</h1>
      <p>
        ${
          hasWebhooks
            ? 'Choose one to see its way: the request, the events that it became, the work that they asked for, and the figures that it went into.'
            : 'What providers send appears here. To see one now, send a signed sample:'
        }
      </p>
      ${!hasWebhooks && html`<pre class="command"><code>npx hookledger send stripe invoice.paid</code></pre>`}
    </section>`,
  };
}
