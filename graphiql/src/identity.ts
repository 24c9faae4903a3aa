/** Who asks. A token lives in this module's values only: never in storage, never in an address. */

import { parse, print } from "graphql";

export interface Persona {
  id: string;
  title: string;
  about: string;
  login: "private" | "employee" | "both";
  query: string;
}

export interface Identity {
  /** Null for a token that somebody pasted. */
  persona: Persona | null;
  token: string;
}

export const developmentLogin = document.documentElement.dataset.developmentLogin === "yes";

const FRAGMENT = /^#persona=(.+)$/;

/** The persona that the address names, if any. Only the fragment is read: a browser sends it to nobody. */
export function personaInAddress(): string | null {
  const named = FRAGMENT.exec(location.hash)?.[1];
  if (named === undefined) return null;
  try {
    return decodeURIComponent(named);
  } catch {
    return null;
  }
}

export function addressOf(persona: Persona): string {
  return `#persona=${encodeURIComponent(persona.id)}`;
}

async function answerOf(response: Response): Promise<unknown> {
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
  return response.json();
}

/** A field on each line, since the editor is narrow; a text with a comment is left as it is. */
function spread(query: string): string {
  if (query.includes("#")) return query;
  try {
    return `${print(parse(query))}\n`;
  } catch {
    return query;
  }
}

export async function listPersonas(): Promise<Persona[]> {
  const listed = (await answerOf(await fetch("/dev/personas", { cache: "no-store" }))) as Persona[];
  return listed.map((persona) => ({ ...persona, query: spread(persona.query) }));
}

export async function signIn(persona: Persona): Promise<Identity> {
  const response = await fetch("/dev/token", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ persona: persona.id }),
    cache: "no-store",
  });
  const { token } = (await answerOf(response)) as { token: string };
  return { persona, token };
}
