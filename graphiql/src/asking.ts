/** Sends an operation to the server as the one who is signed in. */

import type { Fetcher, FetcherParams } from "@graphiql/toolkit";
import { Kind, parse } from "graphql";
import { type Identity, signIn } from "./identity";
import type { Language } from "./texts";

/** The editor names an operation a moment late after its text was replaced; one operation needs no name. */
function operationNameFor({ query, operationName }: FetcherParams): string | undefined {
  try {
    const operations = parse(query).definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    if (operations.length === 1) return undefined;
  } catch {
    // The server says what is wrong with the text, and where.
  }
  return operationName ?? undefined;
}

function post(params: FetcherParams, token: string, language: Language): Promise<Response> {
  return fetch("/graphql", {
    method: "POST",
    headers: {
      Accept: "application/graphql-response+json, application/json;q=0.9",
      "Accept-Language": language,
      Authorization: `Bearer ${token}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({
      query: params.query,
      variables: params.variables,
      operationName: operationNameFor(params),
    }),
    cache: "no-store",
    credentials: "omit",
  });
}

async function send(params: FetcherParams, identity: Identity, language: Language) {
  let response = await post(params, identity.token, language);
  if (response.status === 401 && identity.persona !== null) {
    // A persona's token has run out while the page stood open.
    identity.token = (await signIn(identity.persona)).token;
    response = await post(params, identity.token, language);
  }
  if (/\bjson\b/.test(response.headers.get("Content-Type") ?? "")) return response.json();
  return { errors: [{ message: `${response.status} ${response.statusText}`.trim() }] };
}

/**
 * Asks as `identity` for as long as that is who asks: an answer that comes later is never given to the editor, which would
 * show it under the next one's name. The language is looked up at each request, since for a new fetcher the editor reads the
 * whole schema again.
 */
export function fetcherFor(identity: Identity, asksStill: () => boolean, language: () => Language): Fetcher {
  return async (params) => {
    try {
      const answer = await send(params, identity, language());
      if (asksStill()) return answer;
    } catch (error) {
      if (asksStill()) throw error;
    }
    return new Promise(() => {});
  };
}
