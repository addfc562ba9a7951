/** Events of a sender that names its own types, and what their data may hold. */
export const SENDER_EVENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'contact.created': { email: 'ada@example.com' },
  'order.shipped': { carrier: 'Sample Post' },
  'user.deleted': {},
};
