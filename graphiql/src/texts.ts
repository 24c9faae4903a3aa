/** What the page says, in Bokmål and English. */

import { createContext, useContext } from "react";

export type Language = "nb" | "en";

const en = {
  title: "Innsyn",
  lead: "Homes, schools, SFOs and kindergartens talk here, and each sees what is theirs to see. Choose who asks; the same question gives each of them a different answer.",
  whoAsks: "Who asks?",
  find: "Find someone",
  nobodyFound: "Nobody by those words.",
  signedInAs: "Signed in as",
  pastedToken: "A pasted token",
  signOut: "Sign out",
  login: {
    private: "as a private person",
    employee: "as an employee",
    both: "as a private person and as an employee",
  },
  examples: "Example queries",
  exampleFor: (name: string) => `For ${name}`,
  ownToken: "Use a token of your own",
  ownTokenLead: "Homes, schools, SFOs and kindergartens talk here, and each sees what is theirs to see. Sign in with a token to ask as the one it was issued to.",
  token: "Token",
  tokenHint: "The token stays in this tab's memory, and is gone when the page is reloaded.",
  useToken: "Sign in",
  noPersonas: "The list of personas could not be had.",
  notSignedIn: "Signing in did not succeed.",
  unknownPersona: (id: string) => `There is no persona called “${id}” here.`,
  answer: "About the answer",
  cost: "Cost",
  hiddenFrom: (who: string) => `Hidden from ${who}`,
  you: "you",
  hiddenHint:
    "How often a field was closed to this viewer's relations, whether or not there is a value. In the answer a hidden value and a missing one look alike: null.",
  nothingHidden: "nothing",
  errors: (count: number) => (count === 1 ? "1 error" : `${count} errors`),
  notRun: "Run the query to see what is hidden, and what it costs.",
  loading: "Loading …",
};

type Texts = typeof en;

const nb: Texts = {
  title: "Innsyn",
  lead: "Her snakker hjem, skoler, SFO-er og barnehager sammen, og hver ser det som er deres å se. Velg hvem som spør; det samme spørsmålet gir hver av dem et ulikt svar.",
  whoAsks: "Hvem spør?",
  find: "Finn noen",
  nobodyFound: "Ingen med de ordene.",
  signedInAs: "Innlogget som",
  pastedToken: "Et innlimt token",
  signOut: "Logg ut",
  login: {
    private: "som privatperson",
    employee: "som ansatt",
    both: "som privatperson og som ansatt",
  },
  examples: "Eksempler",
  exampleFor: (name) => `For ${name}`,
  ownToken: "Bruk et eget token",
  ownTokenLead: "Her snakker hjem, skoler, SFO-er og barnehager sammen, og hver ser det som er deres å se. Logg inn med et token for å spørre som den det er utstedt til.",
  token: "Token",
  tokenHint: "Tokenet blir i denne fanens minne, og er borte når siden lastes på nytt.",
  useToken: "Logg inn",
  noPersonas: "Lista over personaer kunne ikke hentes.",
  notSignedIn: "Innloggingen lyktes ikke.",
  unknownPersona: (id) => `Her er ingen persona som heter «${id}».`,
  answer: "Om svaret",
  cost: "Kostnad",
  hiddenFrom: (who) => `Skjult for ${who}`,
  you: "deg",
  hiddenHint:
    "Hvor ofte et felt var lukket for relasjonene til den som spør, enten det finnes en verdi eller ikke. I svaret ser en skjult og en manglende verdi like ut: null.",
  nothingHidden: "ingenting",
  errors: (count) => (count === 1 ? "1 feil" : `${count} feil`),
  notRun: "Kjør spørringen for å se hva som er skjult, og hva den koster.",
  loading: "Laster …",
};

export const texts: Record<Language, Texts> = { nb, en };

const STORED_AS = "innsyn-language";

export function preferredLanguage(): Language {
  const chosen = sessionStorage.getItem(STORED_AS);
  if (chosen === "nb" || chosen === "en") return chosen;
  return /^(nb|nn|no)\b/i.test(navigator.language) ? "nb" : "en";
}

export function rememberLanguage(language: Language): void {
  sessionStorage.setItem(STORED_AS, language);
}

export const LanguageContext = createContext<Language>("en");

export function useTexts(): Texts {
  return texts[useContext(LanguageContext)];
}
