import type { Provider } from '../ingest/provider.ts';
import { custom } from '../ingest/providers/custom.ts';
import { gohighlevel } from '../ingest/providers/gohighlevel.ts';
import { retell } from '../ingest/providers/retell.ts';
import { standardWebhooks } from '../ingest/providers/standard-webhooks.ts';
import { stripe } from '../ingest/providers/stripe.ts';
import { twilio } from '../ingest/providers/twilio.ts';

export const PROVIDERS: readonly Provider[] = [stripe, retell, gohighlevel, twilio, standardWebhooks, custom];
