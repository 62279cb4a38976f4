import type { RespValue } from '../../../resp/index.js';
import { textIn, textLike } from '../reply-values.js';

/** Texts for people: one if all servers say the same, else all of them with headings. */
export function joinTexts(replies: readonly RespValue[]): RespValue {
  const texts = replies.map(textIn);
  const [first = ''] = texts;
  const text = texts.every((other) => other === first)
    ? first
    : texts.map((each, i) => `# Server ${i + 1} of ${texts.length}\n${each}`).join('\n');
  return textLike(replies[0], text);
}
