// An app on sluice/node: nothing in it about signals, keep-alive or draining; the image sees to those.
"use strict";

const http = require("node:http");

const { HOST, PORT, SLUICE_VERSION = "dev" } = process.env;

const server = http.createServer((request, response) => {
  response.setHeader("X-Version", SLUICE_VERSION);
  const { pathname, searchParams } = new URL(request.url, "http://app");
  setTimeout(() => response.end(`${SLUICE_VERSION} ${pathname}\n`), Number(searchParams.get("ms") ?? 0));
});

server.listen(Number(PORT), HOST, () => console.log(`listening on ${HOST}:${PORT}`));
