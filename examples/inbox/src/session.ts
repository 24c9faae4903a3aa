/**
 * Who is signed in. The token is held by this object and nowhere else: never in storage, never in an address. What the
 * tab remembers over a reload is which persona it was, and the token is fetched anew.
 *
 * This is the one file to replace for production: let `SignedIn.as` come from an OpenID Connect flow.
 */

import type { Language } from "./texts";

export interface Persona {
  id: string;
  title: string;
  about: string;
  login: "private" | "employee" | "both";
}

const KEPT = "persona";

async function told<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`${response.status}`);
  return (await response.json()) as T;
}

export async function listPersonas(): Promise<Persona[]> {
  return told(await fetch("/dev/personas", { cache: "no-store", credentials: "omit" }));
}

async function tokenFor(persona: string, language: Language): Promise<string> {
  const response = await fetch("/dev/token", {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": language },
    body: JSON.stringify({ persona }),
    cache: "no-store",
    credentials: "omit",
  });
  return (await told<{ token: string }>(response)).token;
}

export class SignedIn {
  #token: string;

  private constructor(
    readonly persona: string,
    token: string,
  ) {
    this.#token = token;
  }

  static async as(persona: string, language: Language): Promise<SignedIn> {
    const signedIn = new SignedIn(persona, await tokenFor(persona, language));
    sessionStorage.setItem(KEPT, persona);
    return signedIn;
  }

  get authorization(): string {
    return `Bearer ${this.#token}`;
  }

  /** After the server said that the token is no longer good. */
  async renew(language: Language): Promise<void> {
    this.#token = await tokenFor(this.persona, language);
  }
}

export function personaOfThisTab(): string | null {
  return sessionStorage.getItem(KEPT);
}

export function forgetPersona(): void {
  sessionStorage.removeItem(KEPT);
}
