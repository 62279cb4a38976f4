import { get } from 'node:http';
import { formatAddress, type TcpAddress } from '../config/addresses.js';
import { LISTENING_PATH, type Listening, type PeerReport } from './peer-watch.js';

const TIMEOUT_MS = 1_000;
const ANSWER_BYTES_MAX = 1_048_576;

/**
 * Asks the admin listener of another node's process.
 * @throws Error if it is not healthy, or does not answer within a second.
 */
export async function askPeer(admin: TcpAddress): Promise<PeerReport> {
  const [health, listening] = await Promise.all([
    fetchText(admin, '/livez'),
    fetchText(admin, LISTENING_PATH),
  ]);
  if (health.status !== 200) {
    throw new Error(`${formatAddress(admin)}/livez answers ${health.status}`);
  }
  return listening.status === 200
    ? parseReport(listening.body)
    : { isLeaving: false, listening: null };
}

function parseReport(text: string): PeerReport {
  const report: Partial<Record<keyof PeerReport, unknown>> = Object(JSON.parse(text));
  const listening = Object.entries(Object(report.listening)).map(([node, names]) => [
    node,
    Array.isArray(names) ? names.map(String) : [],
  ]);
  const isListening: Listening = Object.fromEntries(listening);
  return { isLeaving: report.isLeaving === true, listening: isListening };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function fetchText({ host, port }: TcpAddress, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const request = get({ host, port, path, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX) {
          request.destroy(new Error(`${path} answers more than ${ANSWER_BYTES_MAX} bytes`));
          return;
        }
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    request.on('error', reject);
  });
}
