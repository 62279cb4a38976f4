// The shape of a row of facts, whatever source it comes from.

/** Only these flags mean something to a proxy; the order is the order in the data files. */
const FLAGS = [
  ...['write', 'readonly', 'admin', 'pubsub', 'blocking'],
  ...['no_auth', 'no_multi', 'no_mandatory_keys'],
];

/** @returns A row with its fields in the one order, so that equal rows print equally. */
export function commandFacts({ group, arity, flags, keySpecs, tips }) {
  return {
    group,
    arity,
    flags: FLAGS.filter((flag) => flags.includes(flag)),
    keySpecs,
    tips: tips.toSorted(),
  };
}

export function keySpec(begin, find, flags) {
  return { begin, find, flags: flags.toSorted() };
}
