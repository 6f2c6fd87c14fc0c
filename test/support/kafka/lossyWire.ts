import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';

/** Between clients and a broker: while it loses answers, what is asked arrives, and the connection ends with the answer. */
export async function openLossyWire() {
  const sockets = new Set<Socket>();
  let [target, isLosing] = [0, false];
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    const broker = dial(target, '127.0.0.1');
    for (const socket of [client, broker]) keep(socket);
    client.on('data', (asked) => broker.write(asked));
    broker.on('data', (answer) => {
      if (isLosing) client.destroy();
      else client.write(answer);
    });
    client.on('close', () => broker.destroy());
    broker.on('close', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    brokers: [`127.0.0.1:${address.port}`],
    leadTo: (port: number) => {
      target = port;
    },
    loseAnswers: (loses: boolean) => {
      isLosing = loses;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
