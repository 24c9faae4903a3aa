/**
 * The way to the server. There is no cache on purpose: what somebody may see can end between two requests, so what is
 * shown is what was just asked for, and nothing of it outlives the page that shows it.
 */

import { createClient as createSocket } from "graphql-ws";
import { createContext, useContext } from "react";
import { Client, type CombinedError, fetchExchange, subscriptionExchange } from "urql";
import type { SignedIn } from "./session";
import type { Language } from "./texts";

/** Codes of graphql-transport-ws: unauthorized, forbidden. */
const REFUSED = new Set([4401, 4403]);

export interface Connection {
  client: Client;
  /** For what is not GraphQL: files. */
  fetch: typeof fetch;
  /** To be awaited before a subscription is begun again: signs in anew where the token was why it ended. */
  beforeRetry: () => Promise<void>;
  /** How far the server's events had come when there first was a socket; null before that. */
  beginning: () => string | null;
  /** Tells whether there is a socket now, and at each change; returns how to stop. */
  watch: (onLive: (live: boolean) => void) => () => void;
}

export function connect(signedIn: SignedIn, language: Language): Connection {
  let refused = false;
  let beginning: string | null = null;
  const socket = createSocket({
    url: new URL("/graphql", location.href.replace(/^http/, "ws")).href,
    lazy: true, // opened by the first subscription, closed after the last
    retryAttempts: 0, // live.tsx connects again, since what was missed has to be asked for as well
    connectionParams: () => ({ Authorization: signedIn.authorization }),
    on: {
      connected: (_socket, payload) => {
        if (typeof payload?.cursor === "string") beginning ??= payload.cursor;
      },
      closed: (event) => {
        refused = event instanceof CloseEvent && REFUSED.has(event.code);
      },
    },
  });

  const asViewer: typeof fetch = async (input, init) => {
    const send = () => {
      const headers = new Headers(init?.headers);
      headers.set("Authorization", signedIn.authorization);
      headers.set("Accept-Language", language);
      return fetch(input, { ...init, headers, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" });
    };
    const answer = await send();
    if (answer.status !== 401) return answer;
    await signedIn.renew(language);
    return send();
  };

  const client = new Client({
    url: "/graphql",
    preferGetMethod: false,
    fetch: asViewer,
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (operation) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe({ ...operation, query: operation.query ?? "" }, sink),
          }),
        }),
      }),
    ],
  });
  const watch = (onLive: (live: boolean) => void) => {
    const stops = [socket.on("connected", () => onLive(true)), socket.on("closed", () => onLive(false))];
    return () => {
      for (const stop of stops) stop();
      onLive(false);
    };
  };
  const beforeRetry = async () => {
    if (refused) await signedIn.renew(language);
  };
  return { client, fetch: asViewer, beforeRetry, beginning: () => beginning, watch };
}

const ConnectionContext = createContext<Connection | null>(null);
export const ConnectionProvider = ConnectionContext.Provider;

export function useConnection(): Connection {
  const connection = useContext(ConnectionContext);
  if (connection === null) throw new Error("useConnection outside of ConnectionProvider");
  return connection;
}

export interface Failure {
  /** The server was not reached, or its answer was not heard: an act may have been carried out. */
  network: boolean;
  /** Written for people, in the language that was asked for; null where the server sent none. */
  text: string | null;
  requestId: string | null;
}

export function failureOf(error: CombinedError): Failure {
  const first = error.graphQLErrors[0];
  const requestId = first?.extensions.requestId;
  return {
    network: first === undefined,
    text: first?.message ?? null,
    requestId: typeof requestId === "string" ? requestId : null,
  };
}
