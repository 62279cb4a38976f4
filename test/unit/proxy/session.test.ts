import { expect, test } from 'vitest';
import type { ControlRequest } from '../../../src/native/index.js';
import { answerAuth, answerHello, type LoginDesk } from '../../../src/proxy/session.js';
import type { LoginSecret } from '../../../src/shards/index.js';
import { requestOf } from '../commands/support.js';

function request(line: string, over: Partial<ControlRequest> = {}): ControlRequest {
  return { ...requestOf(line), ...over };
}

/** Lets in whoever says `right`, as user 7. */
function desk(isOpen = false): LoginDesk & { readonly tried: LoginSecret[] } {
  const tried: LoginSecret[] = [];
  return {
    tried,
    isOpen: () => isOpen,
    logIn: (secret) => {
      tried.push(secret);
      return Promise.resolve(
        secret.password === 'right' ? { user: 7 } : { refusal: 'WRONGPASS no' },
      );
    },
  };
}

test('AUTH with a user, without one, and wrong', async () => {
  const at = desk();
  expect(await answerAuth(request('AUTH bob right'), at)).toMatchObject({ user: 7 });
  expect(await answerAuth(request('AUTH right'), at)).toMatchObject({ user: 7 });
  expect(at.tried).toEqual([{ username: 'bob', password: 'right' }, { password: 'right' }]);
  const wrong = await answerAuth(request('AUTH wrong'), at);
  expect(wrong).toMatchObject({ user: -1, reply: Buffer.from('-WRONGPASS no\r\n') });
  const many = await answerAuth(request('AUTH a b c'), at);
  expect(String(many.reply)).toBe('-ERR syntax error\r\n');
});

test('AUTH with a password where there is none', async () => {
  const answer = await answerAuth(request('AUTH x'), desk(true));
  expect(String(answer.reply)).toMatch(/^-ERR AUTH <password> called without any password/);
});

const SHOWN = { version: '7.0.15', mode: 'cluster' };

test('HELLO logs in, names and switches at once', async () => {
  const answer = await answerHello(
    request('HELLO 3 AUTH bob right SETNAME me', { mustLogIn: true }),
    desk(),
    SHOWN,
  );
  expect(answer).toMatchObject({ protocol: 3, user: 7, name: 'me', closeAfter: false });
  expect(String(answer.reply)).toMatch(/^%7\r\n[\s\S]*\$4\r\nmode\r\n\$7\r\ncluster\r\n/);
});

test('HELLO that is refused changes nothing', async () => {
  const lines = ['HELLO 3 AUTH bob wrong', 'HELLO 4', 'HELLO x', 'HELLO 3 SETNAME', 'HELLO 3'];
  for (const line of lines) {
    const answer = await answerHello(request(line, { mustLogIn: true }), desk(), SHOWN);
    expect(answer, line).toMatchObject({ protocol: 0, user: -1 });
    expect(String(answer.reply), line).toMatch(/^-(WRONGPASS|NOPROTO|ERR|NOAUTH) /);
  }
});
