// Loaded before the app, so that a release fails nobody, whatever the app's author knew of it. In: each server that the app
// lets listen, and SIGTERM. Out: connections that are kept longer than the proxy keeps them; at SIGTERM no new ones, an end
// to idle ones, and exit 0 once every request, stream and WebSocket under way has ended. The grace given to `docker stop`
// bounds that. An app with a SIGTERM handler of its own, or other times of its own, keeps them.
"use strict";

const { isMainThread } = require("node:worker_threads");
const net = require("node:net");

const KEEP_ALIVE = 75_000; // milliseconds; above the proxy's 60 s, so that never a request meets a connection just closed
const DEFAULT_KEEP_ALIVE = 5_000; // Node's own
const DEFAULT_HEADERS = 60_000;
const ENDED_BY_SIGTERM = 143;
const LOOK = 100; // milliseconds

const serving = new Set();
const connected = new Set();
const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (...given) {
  if (this.keepAliveTimeout === DEFAULT_KEEP_ALIVE) this.keepAliveTimeout = KEEP_ALIVE;
  // Else it ends a connection that was idle for this long, too.
  if (this.headersTimeout === DEFAULT_HEADERS) this.headersTimeout = KEEP_ALIVE + DEFAULT_KEEP_ALIVE;
  serving.add(this);
  this.once("close", () => serving.delete(this));
  if (this.closeIdleConnections) {
    this.on("connection", (socket) => {
      connected.add(socket);
      socket.once("close", () => connected.delete(socket));
    });
  }
  return listen.apply(this, given);
};

// A request under way takes its connection with it.
function lastAnswers() {
  const { ServerResponse } = require("node:http");
  const { writeHead } = ServerResponse.prototype;
  ServerResponse.prototype.writeHead = function (...given) {
    this.shouldKeepAlive = false;
    return writeHead.apply(this, given);
  };
}

// Workers of node:cluster are processes that `docker stop` does not signal.
function endWorkers() {
  const cluster = require("node:cluster");
  const workers = cluster.isPrimary ? Object.values(cluster.workers ?? {}) : [];
  for (const worker of workers) worker.process.kill("SIGTERM");
  return workers.map((worker) => new Promise((ended) => worker.once("exit", ended)));
}

let draining = false;

function drain() {
  if (draining) return; // a second signal hastens nothing
  draining = true;
  lastAnswers();
  const ending = [...serving].map((server) => new Promise((ended) => server.close(ended)));
  ending.push(...endWorkers());
  if (ending.length === 0) process.exit(ENDED_BY_SIGTERM);
  endIdle();
  // Again and again: an answer begun before the signal leaves a connection that is idle only later.
  setInterval(() => {
    endIdle();
    endSilent();
  }, LOOK);
  Promise.all(ending).then(() => process.exit());
}

function endIdle() {
  for (const server of serving) server.closeIdleConnections?.();
}

// Node takes a connection on which nothing was ever asked for a busy one, and would wait for it for ever.
function endSilent() {
  for (const socket of connected) if (socket.bytesRead === 0) socket.destroy();
}

if (isMainThread) process.on("SIGTERM", () => process.listenerCount("SIGTERM") === 1 && drain());
