import type { Consumer, ConsumeOptions, Delivery, Disposition, Transport } from '../../../src/transports/transport.ts';
import { Signals } from './signals.ts';

export const ack: Disposition = { kind: 'ack' };

/** One job at a time, acknowledged, unless told otherwise. */
export function consume(transport: Transport, queue: string, options: Partial<ConsumeOptions>): Promise<Consumer> {
  return transport.consume(queue, {
    concurrency: 1,
    handle: async () => ack,
    abandoned: async (message, reason) => {
      throw new Error(`${message.key} was given up: ${reason}`);
    },
    ...options,
  });
}

/** Consumes with a handler that tells of each delivery before it answers. */
export async function observe(
  transport: Transport,
  queue: string,
  answer: (delivery: Delivery) => Disposition | Promise<Disposition> = () => ack,
): Promise<{ deliveries: Signals<Delivery>; consumer: Consumer }> {
  const deliveries = new Signals<Delivery>();
  const handle = async (delivery: Delivery): Promise<Disposition> => {
    deliveries.emit(delivery);
    return answer(delivery);
  };
  return { deliveries, consumer: await consume(transport, queue, { handle }) };
}
