// A chat client on `ws` for a test in another language: each line of standard input is sent, each
// message that arrives becomes a line of standard output, then one with the close code.

import readline from 'node:readline';

import WebSocket from 'ws';

const socket = new WebSocket(process.argv[2]);
socket.on('message', (data) => process.stdout.write(`${data}\n`));
socket.on('close', (code, reason) => {
  process.stdout.write(`${JSON.stringify({type: 'closed', code, reason: `${reason}`})}\n`);
  process.exit(0);
});
socket.on('error', (error) => process.stderr.write(`${error}\n`));
socket.on('open', () => {
  readline.createInterface({input: process.stdin})
    .on('line', (line) => socket.send(line))
    .on('close', () => socket.close(1000));
});
