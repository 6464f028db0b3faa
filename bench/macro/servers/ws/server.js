// Relays what a member sends to all who connected with the same URL: the npm package `ws`.
import { parseArgs } from "node:util";
import { WebSocketServer } from "ws";

const { values } = parseArgs({ options: { port: { type: "string" } } });
const rooms = new Map(); // URL -> Set of sockets.

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(values.port),
  backlog: 4096,
  perMessageDeflate: false,
  clientTracking: false,
});

server.on("connection", (socket, request) => {
  let members = rooms.get(request.url);
  if (members === undefined) rooms.set(request.url, (members = new Set()));
  members.add(socket);
  socket.on("message", (data, isBinary) => {
    for (const member of members) member.send(data, { binary: isBinary });
  });
  socket.on("error", () => {}); // "close" follows.
  socket.on("close", () => {
    members.delete(socket);
    if (members.size === 0) rooms.delete(request.url);
  });
});
