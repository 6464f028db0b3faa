// One WebSocket that comes back: opens, watches for silence, and reconnects with exponential
// back-off and full jitter, so that clients of a restarted server do not return all at once.
//
// Time, randomness and sockets are passed in; tests script all three.

export const backoffBaseMs = 500;
export const backoffCapMs = 30_000;
export const stableMs = 10_000; // A connection that held this long starts the back-off anew.
export const silenceMs = 20_000; // Nothing heard for so long: ask.
export const answerMs = 10_000; // Asked and nothing heard for so long: the connection is dead.
const shutdownAttempt = 3; // A server that shut down is given some seconds, spread by jitter.

// The delay before the next attempt: anything from nothing to the cap of this attempt.
export function backoffMs(attempt, random) {
  const cap = Math.min(backoffCapMs, backoffBaseMs * 2 ** Math.min(attempt, 16));
  return Math.floor(random() * cap);
}

// States: {name: 'connecting' | 'open' | 'waiting' | 'stopped', retryAt?, everOpened, refusals}.
// `refusals` counts attempts in a row that ended before the WebSocket opened.
export class Connection {
  constructor({url, makeSocket, clock, random, onState, onOpen, onMessage}) {
    this.url = url; // A function: the token may have changed since the last attempt.
    this.makeSocket = makeSocket;
    this.clock = clock;
    this.random = random;
    this.onState = onState;
    this.onOpen = onOpen;
    this.onMessage = onMessage;
    this.state = {name: 'stopped', everOpened: false, refusals: 0};
    this.socket = null;
    this.attempt = 0;
    this.retryTimer = null;
    this.watchTimer = null;
    this.openedAt = 0;
    this.heardAt = 0;
    this.askedAt = null;
  }

  start() {
    if (this.state.name === 'stopped') this.open();
  }

  stop() {
    this.dropSocket(1000);
    this.clock.clearTimeout(this.retryTimer);
    this.setState({name: 'stopped'});
  }

  // Leaves and comes back at once, for instance under another name.
  restart() {
    this.dropSocket(1000);
    this.attempt = 0;
    this.open();
  }

  retryNow() {
    if (this.state.name === 'waiting') this.open();
  }

  // False: not connected, nothing was sent.
  send(object) {
    if (this.state.name !== 'open') return false;
    this.socket.send(JSON.stringify(object));
    return true;
  }

  open() {
    this.clock.clearTimeout(this.retryTimer);
    this.setState({name: 'connecting'});
    const socket = this.makeSocket(this.url());
    this.socket = socket;
    // A socket that was given up may still speak; it is no longer listened to.
    socket.onopen = () => socket === this.socket && this.opened();
    socket.onmessage = (event) => socket === this.socket && this.heard(event.data);
    socket.onclose = (event) => socket === this.socket && this.closed(event);
    this.watch();
  }

  opened() {
    this.openedAt = this.clock.now();
    this.heardAt = this.openedAt;
    this.askedAt = null;
    this.setState({name: 'open', everOpened: true, refusals: 0});
    this.watch();
    this.onOpen();
  }

  heard(data) {
    this.heardAt = this.clock.now();
    this.askedAt = null;
    let message = null;
    try {
      message = JSON.parse(data);
    } catch {
      return; // Not of this protocol; what matters is numbered and would be missed.
    }
    if (message !== null && typeof message === 'object') this.onMessage(message);
  }

  closed(event) {
    this.clock.clearTimeout(this.watchTimer);
    this.socket = null;
    const wasOpen = this.state.name === 'open';
    const now = this.clock.now();
    if (wasOpen && now - this.openedAt >= stableMs) this.attempt = 0;
    if (event.code === 1001) this.attempt = Math.max(this.attempt, shutdownAttempt);
    const delay = backoffMs(this.attempt, this.random);
    this.attempt += 1;
    this.retryTimer = this.clock.setTimeout(() => this.open(), delay);
    this.setState({
      name: 'waiting',
      retryAt: now + delay,
      code: event.code,
      refusals: wasOpen ? 0 : this.state.refusals + 1,
    });
  }

  // Looks for silence. While connecting, the same patience bounds the handshake.
  watch() {
    this.clock.clearTimeout(this.watchTimer);
    const now = this.clock.now();
    if (this.state.name === 'connecting') {
      this.watchTimer = this.clock.setTimeout(() => this.giveUp(), answerMs);
      return;
    }
    if (this.askedAt !== null && now - this.askedAt >= answerMs) {
      this.giveUp();
      return;
    }
    if (this.askedAt === null && now - this.heardAt >= silenceMs) {
      this.askedAt = now;
      this.send({type: 'ping'});
    }
    const due = this.askedAt !== null ? this.askedAt + answerMs : this.heardAt + silenceMs;
    this.watchTimer = this.clock.setTimeout(() => this.watch(), Math.max(1, due - now));
  }

  // A dead connection may take minutes to report its end: not waited for.
  giveUp() {
    this.dropSocket(4000);
    this.closed({code: 1006});
  }

  dropSocket(code) {
    this.clock.clearTimeout(this.watchTimer);
    this.clock.clearTimeout(this.retryTimer);
    const socket = this.socket;
    this.socket = null;
    if (socket !== null) socket.close(code);
  }

  setState(change) {
    const {everOpened, refusals} = this.state;
    this.state = {everOpened, refusals, ...change};
    this.onState(this.state);
  }
}
