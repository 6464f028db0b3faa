// A small TCP proxy in front of a server: it cuts connections, refuses new ones, and lets them in
// again, which no emulation inside a browser does to a WebSocket.

import net from 'node:net';

export class TcpProxy {
  static async start(port) {
    const proxy = new TcpProxy(port);
    await new Promise((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }

  constructor(port) {
    this.port = port;
    this.sockets = new Set();
    this.isOpen = true;
    this.server = net.createServer((client) => this.accept(client));
  }

  accept(client) {
    client.on('error', () => {});
    if (!this.isOpen) {
      client.resetAndDestroy();
      return;
    }
    const upstream = net.connect(this.port, '127.0.0.1');
    upstream.on('error', () => {});
    for (const [from, to] of [[client, upstream], [upstream, client]]) {
      this.sockets.add(from);
      from.pipe(to);
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }

  // Everything breaks, without a word of goodbye, until open().
  cut() {
    this.isOpen = false;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  open() {
    this.isOpen = true;
  }

  async stop() {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
