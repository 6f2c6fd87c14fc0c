import type { ServerResponse } from 'node:http';
import type { EndReason, LiveTransport } from './liveClient.ts';

/** How the live stream goes out: as server-sent events, or over a WebSocket. */

/** What a client that is told to go has to read the reason, before its line is cut. */
const farewellMs = 1_000;

export function eventStream(response: ServerResponse): LiveTransport {
  const write = (text: string): void => {
    if (response.writable) response.write(text);
  };
  return {
    event: (line) => write(`id: ${line.position}\ndata: ${line.text}\n\n`),
    job: (text) => write(`event: job\ndata: ${text}\n\n`),
    // An id without data is no message: the browser only remembers from where to go on.
    beat: (position) => write(position === undefined ? ':\n\n' : `:\nid: ${position}\n\n`),
    pending: () => response.writableLength,
    drained: (ms, signal) =>
      settled(ms, signal, (done) => {
        response.once('drain', done);
        return () => response.off('drain', done);
      }),
    end(reason, position) {
      write(`event: end\ndata: ${JSON.stringify(farewell(reason, position))}\n\n`);
      response.end();
      cutAfterwards(() => response.destroy());
    },
  };
}

/** As much of the `ws` package's socket as is used here. */
export interface Socket {
  readonly bufferedAmount: number;
  send(text: string): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'close' | 'pong' | 'error', listener: () => void): void;
}

const closeCodes: Readonly<Record<EndReason, number>> = {
  shutdown: 1001,
  slow: 1013,
  'key revoked': 1008,
  failed: 1011,
};

const lookEveryMs = 50;

export function webSocket(socket: Socket): LiveTransport {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  return {
    event: (line) => socket.send(`{"kind":"event","event":${line.text}}`),
    job: (text) => socket.send(`{"kind":"job","job":${text}}`),
    beat() {
      // A client that went without a word is noticed by the answer that it owes.
      if (!answered) return socket.terminate();
      answered = false;
      socket.ping();
    },
    pending: () => socket.bufferedAmount,
    drained(ms, signal) {
      const before = socket.bufferedAmount;
      return settled(ms, signal, (done) => {
        const look = setInterval(() => socket.bufferedAmount < before && done(), lookEveryMs);
        return () => clearInterval(look);
      });
    },
    end(reason, position) {
      socket.send(JSON.stringify({ kind: 'end', ...farewell(reason, position) }));
      socket.close(closeCodes[reason], reason);
      cutAfterwards(() => socket.terminate());
    },
  };
}

const farewell = (reason: EndReason, position: string | undefined) => ({
  reason,
  ...(position === undefined ? {} : { position }),
});

const cutAfterwards = (cut: () => void): void => {
  setTimeout(cut, farewellMs).unref();
};

/** Waits for what `begin` listens to, for the signal, or for the time to be up. */
function settled(ms: number, signal: AbortSignal, begin: (done: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      end();
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    const end = begin(done);
  });
}
