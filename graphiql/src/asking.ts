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

/** The language is asked for at each request: a new fetcher would make the editor read the whole schema again. */
export function fetcherFor(identity: Identity, language: () => Language): Fetcher {
  return (params) => send(params, identity, language());
}
