// Relays `message` events to all in the room that the URL names: the npm package `socket.io`.
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server } from "socket.io";

const { values } = parseArgs({ options: { port: { type: "string" } } });
const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  serveClient: false,
});

io.on("connection", (socket) => {
  const room = socket.handshake.query.room;
  socket.join(room);
  socket.on("message", (payload) => io.in(room).emit("message", payload));
});

http.listen({ host: "127.0.0.1", port: Number(values.port), backlog: 4096 });
