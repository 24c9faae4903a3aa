/**
 * The way to the server. There is no cache on purpose: what somebody may see can end between two requests, so what is
 * shown is what was just asked for, and nothing of it outlives the page that shows it.
 */

import { Client, type CombinedError, fetchExchange } from "urql";
import type { SignedIn } from "./session";
import type { Language } from "./texts";

export interface Connection {
  client: Client;
}

export function connect(signedIn: SignedIn, language: Language): Connection {
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
    exchanges: [fetchExchange],
  });
  return { client };
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
