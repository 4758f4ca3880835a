// Keeps the page as things are: parts of it come as server-sent events. Without this it is as it was when loaded.
"use strict";

const told = document.getElementById("connection");
let source = null;
let last = "";

function say(text, state) {
  told.textContent = text;
  told.className = state;
}

function put(id, html) {
  const part = document.getElementById(id);
  if (!part || part.innerHTML === html) return;
  const held = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  part.innerHTML = html; // markup of the receiver's own templates, which escape whatever comes from outside
  if (held) for (const link of part.querySelectorAll("a")) if (link.getAttribute("href") === held) link.focus();
}

function listen() {
  source = new EventSource("/events");
  source.onmessage = (event) => {
    for (const [id, html] of Object.entries(JSON.parse(event.data))) put(id, html);
    last = new Date().toISOString().slice(11, 19) + " UTC";
    say("● live", "good");
  };
  source.onerror = () => {
    say("✗ not live" + (last ? ", as of " + last : "") + ": no connection", "ill");
    if (source.readyState === EventSource.CLOSED) {
      source = null;
      setTimeout(() => source || document.hidden || listen(), 5000);
    }
  };
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    if (source) source.close();
    source = null;
    say("paused while nobody looks", "open");
  } else if (!source) listen();
});
listen();
