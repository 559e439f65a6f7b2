// Requests as programs send them, with the failure where there is no answer.
import { Agent, request } from 'node:http';

export const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

const connections = new Agent({ keepAlive: true, maxSockets: 4096, keepAliveMsecs: 5000 });

/** No answer came: `code` says why. What was asked for may have happened. */
export class NoAnswer extends Error {}

/** Sends a request: status, headers and body of its answer; fails with `NoAnswer`. `from`: the address it comes from. */
export function ask(base, method, path, { headers = {}, body, limit = 65_000, from } = {}) {
  return new Promise((resolve, reject) => {
    const url = new URL(path, base);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const sent = text === undefined ? headers : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers };
    const failed = (error) => reject(new NoAnswer(error.code ?? error.message));
    const asked = request(url, { method, agent: connections, headers: sent, localAddress: from }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', failed);
      answer.on('aborted', () => failed({ code: 'aborted' }));
      answer.on('end', () => {
        clearTimeout(timer);
        const whole = Buffer.concat(parts).toString();
        let read = whole;
        try { read = whole ? JSON.parse(whole) : null; } catch { /* Text. */ }
        resolve({ status: answer.statusCode, headers: answer.headers, body: read });
      });
    });
    const timer = setTimeout(() => asked.destroy(Object.assign(new Error('timeout'), { code: 'timeout' })), limit);
    asked.on('error', (error) => { clearTimeout(timer); failed(error); });
    asked.end(text);
  });
}
