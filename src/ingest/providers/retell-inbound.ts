import type { Source } from '../../tenants/source.ts';
import type { ProviderAnswer } from '../provider.ts';
import type { RetellEnvelope } from './retell-envelope.ts';
import { inboundSettings } from './retell-settings.ts';

/**
 * Whom the caller gets, and what the agent knows: Retell asks while the telephone rings, and waits 10 seconds. An
 * answer that says nothing leaves everything as the number is set up at Retell.
 */
export function inboundAnswer({ kind, toNumber }: RetellEnvelope['inbound'], source: Source): ProviderAnswer {
  const { dynamic_variables: variables, override_agent_id: agents = {} } = inboundSettings(source);
  const isRouted = toNumber !== undefined && Object.hasOwn(agents, toNumber);
  const answer = {
    ...(isRouted ? { override_agent_id: agents[toNumber] } : {}),
    ...(variables === undefined ? {} : { dynamic_variables: variables }),
  };
  return { status: 200, contentType: 'application/json', body: JSON.stringify({ [kind]: answer }) };
}
