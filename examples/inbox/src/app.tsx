/** The page around the pages: language, who is signed in, the connection, the menu. */

import { useEffect, useMemo, useRef, useState } from "react";
import { Provider } from "urql";
import { useAnswer } from "./asking";
import { ConnectionProvider, connect } from "./client";
import { EventsProvider, useHappened } from "./events";
import { GroupPage } from "./group";
import { Inbox } from "./inbox";
import { Live } from "./live";
import { ME, type Me, MeProvider, ownGroups } from "./me";
import { Failed, Waiting } from "./parts";
import { hrefTo, type Route, readRoute, useHash } from "./routes";
import { forgetPersona, personaOfThisTab, SignedIn } from "./session";
import { SignIn } from "./sign_in";
import { firstLanguage, keepLanguage, type Language, LanguageContext, useLanguage, useTexts } from "./texts";
import { ThreadPage } from "./thread";
import { UnitPage } from "./unit";
import { Write } from "./write";

export function App() {
  const [language, setLanguage] = useState(firstLanguage);
  const [signedIn, setSignedIn] = useState<SignedIn | null>(null);
  const [resuming, setResuming] = useState(() => personaOfThisTab() !== null);
  useEffect(() => {
    document.documentElement.lang = language;
    keepLanguage(language);
  }, [language]);
  useEffect(() => {
    const persona = personaOfThisTab();
    if (persona === null) return;
    SignedIn.as(persona, firstLanguage())
      .then(setSignedIn, forgetPersona)
      .finally(() => setResuming(false));
  }, []);
  const signOut = () => {
    forgetPersona();
    setSignedIn(null);
    location.hash = "";
  };
  return (
    <LanguageContext value={language}>
      <SkipLink />
      {signedIn ? (
        <Home key={signedIn.persona} signedIn={signedIn} onLanguage={setLanguage} onSignOut={signOut} />
      ) : (
        <>
          <header>
            <Languages onLanguage={setLanguage} />
          </header>
          <main id="content">{resuming ? <Waiting /> : <SignIn onSignedIn={setSignedIn} />}</main>
        </>
      )}
    </LanguageContext>
  );
}

function SkipLink() {
  const says = useTexts();
  return (
    // biome-ignore lint/a11y/useValidAnchor: a link that goes to a place on this page, though not by the address
    <a
      className="skip"
      href="#content"
      onClick={(event) => {
        // The address after # says which page this is, so the jump is made here.
        event.preventDefault();
        document.querySelector<HTMLElement>("main h1")?.focus();
      }}
    >
      {says.skip}
    </a>
  );
}

const NAMES: Record<Language, string> = { nb: "Norsk", en: "English" };

function Languages({ onLanguage }: { onLanguage: (language: Language) => void }) {
  const current = useLanguage();
  return (
    <fieldset className="languages">
      <legend className="for-ears">{useTexts().language}</legend>
      {(Object.keys(NAMES) as Language[]).map((language) => (
        <button
          key={language}
          type="button"
          className="plain"
          lang={language}
          aria-pressed={language === current}
          onClick={() => onLanguage(language)}
        >
          {NAMES[language]}
        </button>
      ))}
    </fieldset>
  );
}

interface HomeProps {
  signedIn: SignedIn;
  onLanguage: (language: Language) => void;
  onSignOut: () => void;
}

function Home({ signedIn, ...rest }: HomeProps) {
  const language = useLanguage();
  const [live, setLive] = useState(false);
  const connection = useMemo(() => connect(signedIn, language), [signedIn, language]);
  useEffect(() => connection.watch(setLive), [connection]);
  return (
    <Provider value={connection.client}>
      <ConnectionProvider value={connection}>
        <EventsProvider>
          <Frame live={live} {...rest} />
        </EventsProvider>
      </ConnectionProvider>
    </Provider>
  );
}

interface FrameProps extends Omit<HomeProps, "signedIn"> {
  live: boolean;
}

function Frame({ live, onLanguage, onSignOut }: FrameProps) {
  const says = useTexts();
  const route = readRoute(useHash());
  const { data, failure, refresh } = useAnswer(ME, {});
  const me = data?.viewer ?? null;
  return (
    <>
      <header>
        {me && <Menu me={me} route={route} />}
        <div className="who">
          {me && <span>{says.signIn.as(me.person?.name ?? me.municipality)}</span>}
          <button type="button" className="plain" onClick={onSignOut}>
            {says.signIn.out}
          </button>
          <Languages onLanguage={onLanguage} />
        </div>
      </header>
      <main id="content">
        <Live me={me?.person?.id ?? null} />
        <Away live={live} />
        {failure && <Failed failure={failure} onRetry={refresh} />}
        {me ? (
          <MeProvider value={me}>
            <Page route={route} />
          </MeProvider>
        ) : (
          !failure && <Waiting />
        )}
      </main>
    </>
  );
}

const MILLISECONDS_OF_PATIENCE = 2000;

/** Says so when live delivery has been away for a while; not at each short break. */
function Away({ live }: { live: boolean }) {
  const says = useTexts();
  const happened = useHappened();
  const [away, setAway] = useState(false);
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => {
    if (live) setAway(false);
    else timer.current = window.setTimeout(() => setAway(true), MILLISECONDS_OF_PATIENCE);
    return () => clearTimeout(timer.current);
  }, [live]);
  return (
    <div role="status">
      {away && (
        <p className="notice">
          {says.live.off}{" "}
          <button type="button" onClick={happened}>
            {says.update}
          </button>
        </p>
      )}
    </div>
  );
}

function Menu({ me, route }: { me: Me; route: Route }) {
  const says = useTexts();
  const here = hrefTo(route);
  const places: { to: Route; text: string; badge?: string }[] = [
    {
      to: { page: "inbox", filter: {} },
      text: says.nav.inbox,
      ...(me.unreadCount > 0 && { badge: says.inbox.unread(me.unreadCount) }),
    },
    { to: { page: "write", child: null, unit: null }, text: says.nav.write },
    ...ownGroups(me).map(({ id, name }) => ({ to: { page: "group", id } as const, text: name })),
    ...me.units.map(({ id, name }) => ({ to: { page: "unit", id } as const, text: name })),
  ];
  return (
    <nav aria-label={says.menu}>
      <ul>
        {places.map(({ to, text, badge }) => (
          <li key={hrefTo(to)}>
            <a href={hrefTo(to)} aria-current={hrefTo(to) === here ? "page" : undefined}>
              {text}
              {badge && <span className="badge">{badge}</span>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** A page is kept while one filters it, and made anew, with the focus on its heading, when one goes elsewhere. */
function Page({ route }: { route: Route }) {
  switch (route.page) {
    case "inbox":
      return <Inbox filter={route.filter} />;
    case "thread":
      return <ThreadPage key={route.id} id={route.id} />;
    case "write":
      return <Write key={hrefTo(route)} child={route.child} unit={route.unit} />;
    case "group":
      return <GroupPage key={route.id} id={route.id} />;
    case "unit":
      return <UnitPage key={route.id} id={route.id} />;
  }
}
