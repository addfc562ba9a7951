import { sampleId } from './sample-id.ts';

/**
 * Bodies of our own in the shapes that Retell documents. Samples with the same `key` are about the same call or chat.
 */
export type RetellSample = Readonly<{
  /** Names the call or chat; all ids that are not given follow from it. */
  key?: string;
  /** When the call or chat began. */
  at?: Date;
  callId?: string;
  chatId?: string;
  agentId?: string;
  /** Named in the body of telephone calls, as Retell does; left out when not given. */
  organisationId?: string;
  durationMs?: number;
  /** A call that nobody answered: no start, no end, no cost. */
  isConnected?: boolean;
  /** In cents of US dollars, for each product. */
  costs?: readonly RetellSampleCost[];
  /** The sum of the costs when left out. */
  combinedCostCents?: number;
  /** When Retell sent it; follows from the type when left out. */
  sentAt?: Date;
  /** Fields of the call or chat that are to be otherwise. */
  object?: Readonly<Record<string, unknown>>;
}>;

export type RetellSampleCost = Readonly<{ product: string; cents: number; isTransferLeg?: boolean }>;

type Story = ReturnType<typeof tell>;

const COSTS: readonly RetellSampleCost[] = [
  { product: 'elevenlabs_tts', cents: 10.5 },
  { product: 'gpt_4_1', cents: 6.75 },
  { product: 'us_telephony', cents: 2.25 },
];

/** Everything that is left out follows from the key. */
function tell(sample: RetellSample) {
  const { key = 'sample', at = new Date('2026-11-24T09:30:00Z'), costs = COSTS } = sample;
  const startMs = at.getTime();
  const durationMs = sample.durationMs ?? 90_000;
  // Whole thousandths of a cent: a sum of floats would show digits that nobody was charged.
  const sumCents = costs.map(({ cents }) => Math.round(cents * 1000)).reduce((sum, each) => sum + each, 0) / 1000;
  return {
    callId: sample.callId ?? sampleId('call', key),
    chatId: sample.chatId ?? sampleId('chat', key),
    agentId: sample.agentId ?? sampleId('agent', key),
    organisationId: sample.organisationId,
    startMs,
    durationMs,
    endMs: startMs + durationMs,
    isConnected: sample.isConnected ?? true,
    costs,
    combinedCostCents: sample.combinedCostCents ?? sumCents,
    sentMs: sample.sentAt?.getTime(),
    object: sample.object ?? {},
  };
}

const TRANSFER = {
  transfer_destination: { type: 'transfer', number: '+12025550143', extension: '7' },
  transfer_option: { type: 'warm_transfer' },
};

const INBOUND = { from_number: '+12025550117', to_number: '+12025550198' };

const BODIES: Readonly<Record<string, (story: Story) => object>> = {
  call_started: (story) => ofCall(story, begunCall(story), story.startMs),
  call_ended: (story) => ofCall(story, endedCall(story), story.endMs + 1_000),
  call_analyzed: (story) => ofCall(story, analyzedCall(story), story.endMs + 9_000),
  transcript_updated: (story) =>
    ofCall(story, begunCall(story), story.startMs + 15_000, { transcript_with_tool_calls: conversation() }),
  transfer_started: (story) => ofCall(story, begunCall(story), story.startMs + 40_000, TRANSFER),
  transfer_bridged: (story) => ofCall(story, begunCall(story), story.startMs + 48_000, TRANSFER),
  transfer_cancelled: (story) => ofCall(story, begunCall(story), story.startMs + 55_000, TRANSFER),
  transfer_ended: (story) => ofCall(story, endedCall(story), story.endMs + 30_000),
  chat_started: (story) => ofChat(story, begunChat(story), story.startMs),
  chat_ended: (story) => ofChat(story, endedChat(story), story.endMs + 1_000),
  chat_analyzed: (story) => ofChat(story, analyzedChat(story), story.endMs + 9_000),
  call_inbound: ({ agentId }) => ({ call_inbound: { agent_id: agentId, ...INBOUND } }),
  chat_inbound: ({ agentId }) => ({ chat_inbound: { agent_id: agentId, ...INBOUND } }),
};

export const retellSampleTypes: readonly string[] = Object.keys(BODIES);

/** One event of the type; undefined when there is no sample of it. */
export function retellSample(type: string, sample: RetellSample = {}): object | undefined {
  const body = Object.hasOwn(BODIES, type) ? BODIES[type]?.(tell(sample)) : undefined;
  return body === undefined ? undefined : { event: type, ...body };
}

function ofCall(story: Story, call: object, sentMs: number, beside: object = {}) {
  return { call: { ...call, ...story.object }, ...beside, event_timestamp: story.sentMs ?? sentMs };
}

function ofChat(story: Story, chat: object, sentMs: number) {
  return { chat: { ...chat, ...story.object }, event_timestamp: story.sentMs ?? sentMs };
}

function begunCall(story: Story) {
  return {
    call_type: 'phone_call',
    direction: 'inbound',
    from_number: '+12025550117',
    to_number: '+12025550198',
    call_id: story.callId,
    agent_id: story.agentId,
    agent_version: 3,
    agent_name: 'Front desk',
    call_status: 'ongoing',
    metadata: {},
    retell_llm_dynamic_variables: {},
    custom_sip_headers: story.organisationId === undefined ? {} : { 'X-RetellAI-OrgId': story.organisationId },
    ...(story.isConnected
      ? { start_timestamp: story.startMs, telephony_identifier: { twilio_call_sid: sampleId('CA', story.callId) } }
      : {}),
  };
}

function endedCall(story: Story) {
  if (!story.isConnected) {
    return {
      ...begunCall(story),
      call_status: 'not_connected',
      disconnection_reason: 'dial_no_answer',
      duration_ms: 0,
      transcript: '',
      call_cost: { combined_cost: 0 },
    };
  }
  return {
    ...begunCall(story),
    call_status: 'ended',
    end_timestamp: story.endMs,
    duration_ms: story.durationMs,
    disconnection_reason: 'user_hangup',
    transcript: 'Agent: How can I help?\nUser: I would like to move my appointment.',
    transcript_object: conversation(),
    call_cost: costOf(story),
  };
}

function analyzedCall(story: Story) {
  return {
    ...endedCall(story),
    call_analysis: {
      call_summary: 'The caller moved an appointment to Thursday.',
      call_successful: story.isConnected,
      user_sentiment: 'Positive',
      in_voicemail: false,
      custom_analysis_data: {},
    },
  };
}

function begunChat(story: Story) {
  return {
    chat_id: story.chatId,
    agent_id: story.agentId,
    chat_type: 'api_chat',
    chat_status: 'ongoing',
    start_timestamp: story.startMs,
    metadata: {},
  };
}

function endedChat(story: Story) {
  return {
    ...begunChat(story),
    chat_status: 'ended',
    end_timestamp: story.endMs,
    transcript: 'Agent: How can I help?\nUser: I would like to move my appointment.',
    chat_cost: costOf(story),
  };
}

function analyzedChat(story: Story) {
  return {
    ...endedChat(story),
    chat_analysis: {
      chat_summary: 'The customer moved an appointment to Thursday.',
      chat_successful: true,
      user_sentiment: 'Neutral',
      custom_analysis_data: {},
    },
  };
}

function costOf({ costs, combinedCostCents, durationMs }: Story) {
  const seconds = Math.ceil(durationMs / 1000);
  return {
    product_costs: costs.map(({ product, cents, isTransferLeg = false }) => ({
      product,
      cost: cents,
      is_transfer_leg_cost: isTransferLeg,
    })),
    total_duration_seconds: seconds,
    combined_cost: combinedCostCents,
  };
}

function conversation() {
  return [
    { role: 'agent', content: 'How can I help?', words: [{ word: 'How', start: 0.4, end: 0.6 }] },
    { role: 'user', content: 'I would like to move my appointment.', words: [{ word: 'I', start: 2.1, end: 2.2 }] },
  ];
}
