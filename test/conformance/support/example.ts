import type { CompareKind } from './compare.js';

/** A command that is sent. */
export interface SendStep {
  readonly kind: 'send';
  readonly line: string;
  /** `a` is the client of the example; others are there to publish, push or look on. */
  readonly connection: string;
  readonly words: readonly string[];
  /** Frames to wait for: one, more if the example says so, none if it is answered later. */
  readonly frames: number;
  /** Instead of the class of the command's row. */
  readonly compare: CompareKind | undefined;
  /** The proxy alone is asked: `OK`, or the first words of its error. One server would do else. */
  readonly proxyOnly: string | undefined;
  /** Name under which the reply is kept; `$name` in later commands stands for it. */
  readonly capture: string | undefined;
  readonly mode: 'once' | 'until_one' | 'all_pages';
}

/** Frames that come by themselves: messages, or the answer to a command that waited. */
export interface ReceiveStep {
  readonly kind: 'receive';
  readonly line: string;
  readonly connection: string;
  readonly frames: number;
  readonly compare: CompareKind | undefined;
}

export type Step = SendStep | ReceiveStep;

/** Commands played one after the other on an empty server. */
export type Example = readonly Step[];

/**
 * Examples of a group of commands, by row name. Each is a text with one command per line, quoted as
 * for redis-cli; a line `---` begins the next example, on an empty server. In front of a command may
 * stand, in this order:
 *
 * - `@b` another connection than `a`;
 * - `=` compared exactly, `~` by shape, `%` by elements, `^` only error or not, whatever the row says;
 * - `!WORDS:` asked of the proxy only, which answers an error that begins with these words, or OK;
 * - `>` the answer is not waited for; `<2` (without a command) waits for two frames;
 * - `x3` has three frames for an answer;
 * - `$id =` keeps the answer: `$id` as a word of a later command stands for it;
 * - `?` is sent again until it answers 1;
 * - `*` is a cursor command: sent with each cursor it answers until that is 0, elements joined.
 */
export type Examples = Readonly<Record<string, string>>;

const LINE =
  /^(?:@(?<connection>\w+) )?(?<compare>[=~%^])? ?(?:!(?<only>[^:]+): )?(?:(?<later>>) )?(?:<(?<receive>\d+)$)?(?:x(?<frames>\d+) )?(?:\$(?<capture>\w+) = )?(?:(?<mode>[?*]) )?(?<command>.*)$/;

/** `!CROSSSLOT:` is short for it. */
const CROSSSLOT = "CROSSSLOT Keys in request don't hash to the same slot";

const COMPARE: Readonly<Record<string, CompareKind>> = {
  '=': 'exact',
  '~': 'shape',
  '%': 'unordered',
  '^': 'same_outcome',
};

/** @throws Error if a line is not an example's. */
export function readExamples(text: string): readonly Example[] {
  return text.split(/^\s*---\s*$/m).map((part) =>
    part
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .map(readStep),
  );
}

function readStep(line: string): Step {
  const parts = LINE.exec(line)?.groups ?? {};
  const connection = parts.connection ?? 'a';
  const compare = COMPARE[parts.compare ?? ''];
  if (parts.receive !== undefined) {
    return { kind: 'receive', line, connection, compare, frames: Number(parts.receive) };
  }
  return {
    kind: 'send',
    line,
    connection,
    compare,
    words: splitWords(parts.command ?? ''),
    frames: parts.later === undefined ? Number(parts.frames ?? 1) : 0,
    proxyOnly: parts.only === 'CROSSSLOT' ? CROSSSLOT : parts.only,
    capture: parts.capture,
    mode: modeOf(parts.mode),
  };
}

function modeOf(sign: string | undefined): SendStep['mode'] {
  if (sign === '?') {
    return 'until_one';
  }
  return sign === '*' ? 'all_pages' : 'once';
}

const WORD = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\S+)/g;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0' };

/** Words as redis-cli reads them: `"\x00\n"` has escapes, `'…'` has none but `\'`. */
function splitWords(command: string): readonly string[] {
  const words = [...command.matchAll(WORD)].map(([, double, single, bare]) => {
    if (double !== undefined) {
      return double.replace(/\\x([0-9a-f]{2})|\\(.)/gi, (_, hex?: string, char?: string) =>
        hex === undefined
          ? (ESCAPES[char ?? ''] ?? char ?? '')
          : String.fromCharCode(Number.parseInt(hex, 16)),
      );
    }
    return single?.replaceAll("\\'", "'") ?? bare ?? '';
  });
  if (words.length === 0) {
    throw new Error(`not a line of an example: ${JSON.stringify(command)}`);
  }
  return words;
}
