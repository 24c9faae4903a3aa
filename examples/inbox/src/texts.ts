/** What the page says, in Bokmål and English. What the server says comes in the same language by Accept-Language. */

import { createContext, useContext } from "react";
import type { Relation } from "./gql/graphql";

export type Language = "nb" | "en";

const nb = {
  title: "Innboks",
  skip: "Hopp til innholdet",
  language: "Språk",
  menu: "Hovedmeny",
  loading: "Laster …",
  retry: "Prøv igjen",
  update: "Oppdater",
  signIn: {
    title: "Hvem er du?",
    lead: "Utviklingsinnlogging: velg en av personene i demokommunen. I drift logger man inn med ID-porten eller Feide.",
    find: "Finn en person",
    none: "Ingen med de ordene.",
    failed: "Innloggingen lyktes ikke. Er tjeneren i gang, med utviklingsinnlogging?",
    login: { private: "privatperson", employee: "ansatt", both: "privatperson og ansatt" },
    as: (name: string) => `Innlogget som ${name}`,
    out: "Logg ut",
  },
  live: {
    off: "Nye meldinger kommer ikke av seg selv akkurat nå.",
    arrived: (author: string, subject: string) => `Ny melding fra ${author} i «${subject}»`,
  },
  nav: { inbox: "Innboks", write: "Skriv ny", more: "Flere klasser og grupper" },
  inbox: {
    title: "Innboks",
    unread: (count: number) => (count === 1 ? "1 ulest" : `${count} uleste`),
    allRead: "Alt er lest",
    filters: "Vis",
    onlyUnread: "Bare uleste",
    onlyMine: "Bare der jeg deltar",
    unit: "Enhet",
    child: "Barn",
    all: "Alle",
    empty: "Ingen samtaler å vise.",
    shown: (shown: number, total: number) => `Viser ${shown} av ${total} samtaler`,
    more: "Vis flere",
    about: (child: string, unit: string) => `Om ${child}, ${unit}`,
    joint: "Felles samtale",
  },
  thread: {
    about: "Om",
    unit: "Enhet",
    phone: "Telefon",
    participants: "Hvem deltar",
    side: { GUARDIAN: "Hjemmet", UNIT: "Enheten" },
    you: "deg",
    joined: (day: string) => `med siden ${day}`,
    read: (when: string) => `lest til og med ${when}`,
    notRead: "ikke lest ennå",
    messages: "Meldinger",
    none: "Ingen meldinger som du kan se.",
    earlier: "Vis tidligere meldinger",
    retracted: "Meldingen er trukket tilbake.",
    retract: "Trekk tilbake",
    retractThis: (when: string) => `Trekk tilbake meldingen sendt ${when}`,
    retracting: "Trekkes tilbake …",
    onBehalfOf: (unit: string) => `på vegne av ${unit}`,
    gone: "Denne samtalen finnes ikke, eller er ikke din å se.",
    reply: "Svar",
    replyTo: "Svaret kommer bare i denne samtalen. De som deltar, og de på enheten som kan se den, kan lese det.",
    closed: "Du kan lese denne samtalen, men ikke skrive i den nå.",
    newAbout: (child: string) => `Skriv ny om ${child}`,
    reaches: "Hvem får se svaret",
    take: "Ta med en kollega",
    colleague: "Kollega",
    takeIn: "Ta med",
    takenIn: (name: string) => `${name} er med.`,
    noColleagues: "Ingen flere å ta med.",
    jointHint: "Flere foresatte er med i denne samtalen og ser alt som skrives.",
  },
  write: {
    title: "Ny samtale",
    child: "Hvem gjelder det?",
    choose: "Velg",
    unit: "Hvilken enhet?",
    to: "Til",
    wholeUnit: (unit: string) => `${unit} (enheten som helhet)`,
    joint: "Én felles samtale, der alle som er valgt ser hverandres meldinger",
    jointHint: "Uten dette får hver sin egen samtale.",
    onBehalf: (unit: string) => `På vegne av ${unit}`,
    subject: "Emne",
    message: "Melding",
    preview: "Hvem får se dette",
    reaches: "Går til",
    canRead: "Kan også lese det",
    nobodyElse: "Ingen andre.",
    someone: "Noen som du ikke kan se navnet på",
    threads: (count: number) => (count === 1 ? "Det blir én samtale." : `Det blir ${count} samtaler, én for hver.`),
    previewWaits: "Velg hvem det gjelder og hvem det skal til, så står det her hvem som får se det.",
    sent: "Sendt.",
    sentMany: (count: number) => `Sendt, som ${count} samtaler.`,
    nobody: "Det er ingen du kan skrive om.",
    noRecipients: "Det er ingen å skrive til her.",
    missing: {
      child: "Velg hvem det gjelder.",
      to: "Velg minst én mottaker.",
      subject: "Skriv et emne.",
      body: "Skriv en melding.",
    },
  },
  send: "Send",
  sending: "Sender …",
  sendAgain: "Send igjen",
  notSent: "Vi vet ikke om meldingen kom fram. Du kan trygt sende igjen: den kommer ikke fram to ganger.",
  problems: "Det gikk ikke",
  nudge: {
    title: "Dette bør kanskje ikke skrives her",
    where: "Det gjelder",
    call: (unit: string, phone: string) => `Ring ${unit}: ${phone}`,
    kinds: {
      NATIONAL_ID: "fødselsnummer",
      HEALTH: "helse",
      RELIGION_OR_BELIEF: "religion eller livssyn",
      RACIAL_OR_ETHNIC_ORIGIN: "etnisk opprinnelse",
      POLITICAL_OPINION: "politisk oppfatning",
      TRADE_UNION_MEMBERSHIP: "fagforening",
      GENETIC_DATA: "genetiske opplysninger",
      BIOMETRIC_DATA: "biometriske opplysninger",
      SEX_LIFE_OR_ORIENTATION: "seksuelle forhold eller legning",
      CRIMINAL_OFFENCE: "straffbare forhold",
      CHILD_WELFARE: "barnevern",
    } as Record<string, string>,
    otherKind: "følsomt",
    anyway: "Send likevel",
    change: "Endre teksten",
  },
  relation: {
    GUARDIAN: "foresatt",
    DELEGATE: "annen voksen med samtykke",
    CONTACT_TEACHER: "kontaktlærer",
    SUBJECT_STAFF: "faglærer eller assistent",
    UNIT_STAFF: "ansatt",
    UNIT_LEADER: "leder",
    CASE_WORKER: "administrasjonen",
    SELF: "eleven selv",
    COLLEAGUE: "kollega",
    PARTICIPANT: "deltaker",
    MUNICIPALITY: "kommunen",
    REPORTER: "rapportering",
  } satisfies Record<Relation, string>,
  group: {
    staff: "Lærere og assistenter",
    pupils: (count: number) => (count === 1 ? "1 elev" : `${count} elever`),
    guardians: "Foresatte",
    noGuardians: "Ingen foresatte å vise.",
    newest: "Siste samtaler",
    noThreads: "Ingen samtaler.",
    gone: "Denne gruppen finnes ikke, eller er ikke din å se.",
  },
  unit: {
    groups: "Grupper",
    history: "Alle samtaler på enheten som du kan se, nyeste først, også om barn som har sluttet.",
    gone: "Denne enheten finnes ikke.",
  },
  failed: {
    network: "Vi får ikke kontakt med tjeneren. Kontroller nettet og prøv igjen.",
    unexpected: "Noe gikk galt hos oss.",
    reference: (id: string) => `Referanse: ${id}`,
  },
};

export type Texts = typeof nb;

const en: Texts = {
  title: "Inbox",
  skip: "Skip to content",
  language: "Language",
  menu: "Main menu",
  loading: "Loading …",
  retry: "Try again",
  update: "Update",
  signIn: {
    title: "Who are you?",
    lead: "Development login: choose one of the people of the demo municipality. In production one signs in with ID-porten or Feide.",
    find: "Find a person",
    none: "Nobody by those words.",
    failed: "Signing in did not succeed. Is the server running, with the development login?",
    login: { private: "private person", employee: "employee", both: "private person and employee" },
    as: (name) => `Signed in as ${name}`,
    out: "Sign out",
  },
  live: {
    off: "New messages do not come by themselves just now.",
    arrived: (author, subject) => `New message from ${author} in “${subject}”`,
  },
  nav: { inbox: "Inbox", write: "Write", more: "More classes and groups" },
  inbox: {
    title: "Inbox",
    unread: (count) => `${count} unread`,
    allRead: "Everything is read",
    filters: "Show",
    onlyUnread: "Unread only",
    onlyMine: "Only those I take part in",
    unit: "Unit",
    child: "Child",
    all: "All",
    empty: "No conversations to show.",
    shown: (shown, total) => `Showing ${shown} of ${total} conversations`,
    more: "Show more",
    about: (child, unit) => `About ${child}, ${unit}`,
    joint: "Joint conversation",
  },
  thread: {
    about: "About",
    unit: "Unit",
    phone: "Phone",
    participants: "Who takes part",
    side: { GUARDIAN: "Home", UNIT: "Unit" },
    you: "you",
    joined: (day) => `since ${day}`,
    read: (when) => `read up to ${when}`,
    notRead: "not read yet",
    messages: "Messages",
    none: "No messages that you can see.",
    earlier: "Show earlier messages",
    retracted: "The message was retracted.",
    retract: "Retract",
    retractThis: (when) => `Retract the message sent ${when}`,
    retracting: "Retracting …",
    onBehalfOf: (unit) => `on behalf of ${unit}`,
    gone: "This conversation does not exist, or is not yours to see.",
    reply: "Reply",
    replyTo:
      "The reply goes into this conversation only. Those who take part, and those at the unit who can see it, can read it.",
    closed: "You can read this conversation, but not write in it now.",
    newAbout: (child) => `Write about ${child}`,
    reaches: "Who will see the reply",
    take: "Take a colleague in",
    colleague: "Colleague",
    takeIn: "Take in",
    takenIn: (name) => `${name} takes part.`,
    noColleagues: "Nobody more to take in.",
    jointHint: "Several guardians take part in this conversation and see all that is written.",
  },
  write: {
    title: "New conversation",
    child: "Whom is it about?",
    choose: "Choose",
    unit: "Which unit?",
    to: "To",
    wholeUnit: (unit) => `${unit} (the unit as a whole)`,
    joint: "One joint conversation, in which all who are chosen see each other's messages",
    jointHint: "Without this each gets a conversation of their own.",
    onBehalf: (unit) => `On behalf of ${unit}`,
    subject: "Subject",
    message: "Message",
    preview: "Who will see this",
    reaches: "Goes to",
    canRead: "Can read it too",
    nobodyElse: "Nobody else.",
    someone: "Somebody whose name you cannot see",
    threads: (count) =>
      count === 1 ? "It becomes one conversation." : `It becomes ${count} conversations, one for each.`,
    previewWaits: "Choose whom it is about and whom it goes to, and who will see it is shown here.",
    sent: "Sent.",
    sentMany: (count) => `Sent, as ${count} conversations.`,
    nobody: "There is nobody you can write about.",
    noRecipients: "There is nobody to write to here.",
    missing: {
      child: "Choose whom it is about.",
      to: "Choose at least one recipient.",
      subject: "Write a subject.",
      body: "Write a message.",
    },
  },
  send: "Send",
  sending: "Sending …",
  sendAgain: "Send again",
  notSent: "We do not know whether the message arrived. It is safe to send again: it will not arrive twice.",
  problems: "That did not work",
  nudge: {
    title: "Perhaps this should not be written here",
    where: "This is about",
    call: (unit, phone) => `Call ${unit}: ${phone}`,
    kinds: {
      NATIONAL_ID: "national identity number",
      HEALTH: "health",
      RELIGION_OR_BELIEF: "religion or belief",
      RACIAL_OR_ETHNIC_ORIGIN: "ethnic origin",
      POLITICAL_OPINION: "political opinion",
      TRADE_UNION_MEMBERSHIP: "trade union",
      GENETIC_DATA: "genetic data",
      BIOMETRIC_DATA: "biometric data",
      SEX_LIFE_OR_ORIENTATION: "sex life or orientation",
      CRIMINAL_OFFENCE: "criminal offence",
      CHILD_WELFARE: "child welfare",
    },
    otherKind: "sensitive",
    anyway: "Send anyway",
    change: "Change the text",
  },
  relation: {
    GUARDIAN: "guardian",
    DELEGATE: "other adult with consent",
    CONTACT_TEACHER: "contact teacher",
    SUBJECT_STAFF: "subject teacher or assistant",
    UNIT_STAFF: "staff",
    UNIT_LEADER: "leader",
    CASE_WORKER: "administration",
    SELF: "the pupil",
    COLLEAGUE: "colleague",
    PARTICIPANT: "participant",
    MUNICIPALITY: "municipality",
    REPORTER: "reporting",
  },
  group: {
    staff: "Teachers and assistants",
    pupils: (count) => (count === 1 ? "1 pupil" : `${count} pupils`),
    guardians: "Guardians",
    noGuardians: "No guardians to show.",
    newest: "Newest conversations",
    noThreads: "No conversations.",
    gone: "This group does not exist, or is not yours to see.",
  },
  unit: {
    groups: "Groups",
    history: "Every conversation at the unit that you can see, newest first, about children who have left too.",
    gone: "This unit does not exist.",
  },
  failed: {
    network: "The server cannot be reached. Look at the network and try again.",
    unexpected: "Something went wrong on our side.",
    reference: (id) => `Reference: ${id}`,
  },
};

const TEXTS: Record<Language, Texts> = { nb, en };
const KEPT = "language";

export const LanguageContext = createContext<Language>("nb");

export function useLanguage(): Language {
  return useContext(LanguageContext);
}

export function useTexts(): Texts {
  return TEXTS[useLanguage()];
}

export function textsOf(language: Language): Texts {
  return TEXTS[language];
}

/** The language chosen in this tab, else the browser's, else Bokmål. */
export function firstLanguage(): Language {
  const kept = sessionStorage.getItem(KEPT);
  if (kept === "nb" || kept === "en") return kept;
  for (const wanted of navigator.languages) {
    const [code] = wanted.toLowerCase().split("-");
    if (code === "en") return "en";
    if (code === "nb" || code === "no" || code === "nn") return "nb";
  }
  return "nb";
}

export function keepLanguage(language: Language): void {
  sessionStorage.setItem(KEPT, language);
}
