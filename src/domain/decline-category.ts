/** Why an attempt to pay failed, coarse enough to act on. */
export const DECLINE_CATEGORIES = ['funds', 'card', 'authentication', 'fraud', 'issuer', 'technical', 'other'] as const;
type DeclineCategory = (typeof DECLINE_CATEGORIES)[number];

/**
 * Codes as card issuers and payment providers name them (source: docs.stripe.com/declines/codes). `funds` and `technical`
 * may succeed when tried again, `authentication` when the customer takes part; `card` needs another card; `issuer`, which
 * says no more than no, may go either way.
 */
const CODES: Readonly<Record<Exclude<DeclineCategory, 'other'>, string>> = {
  funds: `insufficient_funds card_velocity_exceeded withdrawal_count_limit_exceeded amount_too_large amount_too_small`,
  card: `expired_card incorrect_number invalid_number incorrect_cvc invalid_cvc incorrect_pin invalid_pin incorrect_zip
    incorrect_address invalid_account invalid_expiry_month invalid_expiry_year card_not_supported currency_not_supported
    new_account_information_available pin_try_exceeded bank_account_closed account_closed no_account debit_not_authorized`,
  authentication: `authentication_required authentication_not_handled payment_intent_authentication_failure
    setup_intent_authentication_failure offline_pin_required online_or_offline_pin_required mobile_device_authentication_required
    approve_with_id`,
  fraud: `fraudulent lost_card stolen_card pickup_card restricted_card merchant_blacklist security_violation highest_risk_level
    elevated_risk_level rule`,
  issuer: `card_declined generic_decline do_not_honor do_not_try_again call_issuer not_permitted no_action_taken
    revocation_of_all_authorizations revocation_of_authorization service_not_allowed stop_payment_order transaction_not_allowed
    testmode_decline`,
  technical: `processing_error issuer_not_available reenter_transaction try_again_later invalid_amount duplicate_transaction
    payment_method_provider_timeout payment_method_provider_decline`,
};

const CATEGORY_OF: ReadonlyMap<string, DeclineCategory> = new Map(
  (['funds', 'card', 'authentication', 'fraud', 'issuer', 'technical'] as const).flatMap((category) =>
    CODES[category].split(/\s+/).map((code) => [code, category] as const),
  ),
);

/** By the first of the codes that is known: give the one that says more first. `other` where none is. */
export function declineCategory(...codes: readonly (string | undefined)[]): DeclineCategory {
  for (const code of codes) {
    const category = code === undefined ? undefined : CATEGORY_OF.get(code);
    if (category !== undefined) return category;
  }
  return 'other';
}
