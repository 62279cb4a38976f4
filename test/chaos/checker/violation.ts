/** What must never happen. */
export type Rule =
  | 'wrong reply'
  | 'foreign value'
  | 'executed twice'
  | 'executed though refused'
  | 'out of order'
  | 'lost'
  | 'lost after WAIT'
  | 'half a transaction'
  | 'stale read'
  | 'undocumented error'
  | 'error without a fault'
  | 'refused early'
  | 'refused though served'
  | 'read failed'
  | 'slow recovery'
  | 'message twice'
  | 'message out of order'
  | 'subscription is dead'
  | 'never answered'
  | 'not checked';

export interface Violation {
  readonly rule: Rule;
  readonly detail: string;
}
