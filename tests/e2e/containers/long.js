// An app whose answers take long, for the tests of draining. In: HOST, PORT, SLUICE_VERSION. Out: /slow?ms=, an upload's
// length, /events?n= (two a second; without n for ever), and an echo by WebSocket. Nothing in it is about signals:
// sluice/node sees to those.
"use strict";

const crypto = require("node:crypto");
const http = require("node:http");

const { HOST, PORT, SLUICE_VERSION } = process.env;
const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455
const CLOSE = 8;

function answer(response, body) {
  const text = JSON.stringify({ version: SLUICE_VERSION, ...body });
  response.writeHead(200, { "Content-Length": Buffer.byteLength(text), "X-Version": SLUICE_VERSION });
  response.end(text);
}

function events(response, n) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "X-Version": SLUICE_VERSION });
  let sent = 0;
  const timer = setInterval(() => {
    response.write(`data: ${++sent}\n\n`);
    if (sent === n) response.end("data: end\n\n");
  }, 500);
  response.on("close", () => clearInterval(timer));
}

const server = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(`http://app${request.url}`);
  let length = 0;
  request.on("data", (part) => (length += part.length));
  request.on("end", () => {
    if (pathname === "/events") events(response, Number(searchParams.get("n")));
    else setTimeout(answer, Number(searchParams.get("ms") ?? 0), response, { length });
  });
});

// Short, masked frames are all that the tests send.
server.on("upgrade", (request, socket) => {
  const key = crypto.createHash("sha1").update(request.headers["sec-websocket-key"] + MAGIC).digest("base64");
  const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  socket.write([...head, `X-Version: ${SLUICE_VERSION}`, `Sec-WebSocket-Accept: ${key}`, "", ""].join("\r\n"));
  let held = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (more) => {
    held = Buffer.concat([held, more]);
    while (held.length >= 6 && held.length >= 6 + (held[1] & 0x7f)) {
      const [kind, length] = [held[0] & 0x0f, held[1] & 0x7f];
      const mask = held.subarray(2, 6);
      const text = held.subarray(6, 6 + length).map((byte, at) => byte ^ mask[at % 4]);
      socket.write(Buffer.concat([Buffer.from([0x80 | kind, length]), text]));
      held = held.subarray(6 + length);
      if (kind === CLOSE) socket.end();
    }
  });
});

server.listen(Number(PORT), HOST);
