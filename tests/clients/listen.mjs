// Listens with graphql-ws and graphql-sse to the server at INNSYN_ADDRESS, as whoever INNSYN_TOKEN names, and prints a JSON
// object a line: {from, told} of an answer, {from, ready} where the server is known to listen, {from, closed} with a code.
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import WebSocket from "ws"; // Node has one of its own from version 22 on

const { INNSYN_ADDRESS: url, INNSYN_TOKEN: token } = process.env;
const received = "subscription { messageReceived { id body } }";
const ask = "{ viewer { municipality } }";

const say = (line) => console.log(JSON.stringify(line));

const ws = createWsClient({
  url: url.replace(/^http/, "ws"),
  connectionParams: () => ({ authorization: `Bearer ${token}` }),
  webSocketImpl: WebSocket,
  retryAttempts: 0,
  on: { closed: ({ code }) => say({ from: "ws", closed: code }) },
});
const sse = createSseClient({ url, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0 });

async function once(client, query) {
  return new Promise((resolve, reject) => {
    let told;
    client.subscribe({ query }, { next: (one) => (told = one), error: reject, complete: () => resolve(told) });
  });
}

function listen(from, client) {
  const failed = (error) => say({ from, failed: String(error?.message ?? error?.code ?? error) });
  const stop = client.subscribe(
    { query: received },
    { next: (told) => say({ from, told }), error: failed, complete: () => say({ from, complete: true }) },
  );
  // What is asked later is answered later, over the same websocket.
  once(client, ask).then((told) => say({ from, ready: told }), failed);
  return stop;
}

const stops = [listen("ws", ws), listen("sse", sse)];
once(ws, "{ nothing }").catch((errors) => say({ from: "ws", refused: errors[0].extensions.code }));
once(sse, "{ nothing }").then((told) => say({ from: "sse", refused: told.errors[0].extensions.code }));

process.stdin.on("end", () => {
  stops.forEach((stop) => stop());
  ws.dispose();
  sse.dispose();
});
process.stdin.resume();
