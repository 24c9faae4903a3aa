/** The whole page: a door where one says who asks, and behind it the editor. */

import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Door } from "./door";
import { addressOf, developmentLogin, type Identity, listPersonas, type Persona, personaInAddress, signIn } from "./identity";
import { type Language, LanguageContext, preferredLanguage, rememberLanguage, texts } from "./texts";

const Workbench = lazy(() => import("./workbench"));

export function Page() {
  const [language, setLanguage] = useState<Language>(preferredLanguage);
  const [personas, setPersonas] = useState<Persona[] | null>(developmentLogin ? null : []);
  const [identity, setIdentity] = useState<Identity | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const says = texts[language];
  const latestAttempt = useRef(0);

  useEffect(() => {
    document.documentElement.lang = language;
    rememberLanguage(language);
  }, [language]);

  useEffect(() => {
    if (!developmentLogin) return;
    listPersonas().then(setPersonas, () => {
      setPersonas([]);
      setProblem(texts[preferredLanguage()].noPersonas);
    });
  }, []);

  const enterAsAddressSays = useCallback(async () => {
    if (personas === null) return;
    const attempt = ++latestAttempt.current;
    const named = personaInAddress();
    if (named === null) {
      // A pasted token has no address: leaving a persona's address must not end it.
      setIdentity((current) => (current?.persona ? null : current));
      return;
    }
    const persona = personas.find(({ id }) => id === named);
    if (persona === undefined) {
      setIdentity(null);
      setProblem(texts[preferredLanguage()].unknownPersona(named));
      return;
    }
    try {
      const signedIn = await signIn(persona);
      // Someone else may have been chosen while the token was on its way.
      if (attempt !== latestAttempt.current) return;
      setProblem(null);
      setIdentity(signedIn);
    } catch {
      if (attempt !== latestAttempt.current) return;
      setIdentity(null);
      setProblem(texts[preferredLanguage()].notSignedIn);
    }
  }, [personas]);

  useEffect(() => {
    void enterAsAddressSays();
    window.addEventListener("hashchange", enterAsAddressSays);
    return () => window.removeEventListener("hashchange", enterAsAddressSays);
  }, [enterAsAddressSays]);

  const choose = useCallback((persona: Persona) => {
    location.hash = addressOf(persona);
  }, []);

  const useToken = useCallback((token: string) => {
    history.pushState(null, "", location.pathname);
    latestAttempt.current++;
    setProblem(null);
    setIdentity({ persona: null, token });
  }, []);

  const leave = useCallback(() => {
    history.pushState(null, "", location.pathname);
    latestAttempt.current++;
    setProblem(null);
    setIdentity(null);
  }, []);

  const who = identity && (identity.persona?.title ?? says.pastedToken);
  useEffect(() => {
    document.title = who === null ? says.title : `${who} · ${says.title}`;
  }, [who, says]);

  const content = useMemo(() => {
    if (personas === null || (identity === null && problem === null && personaInAddress() !== null)) {
      return <p className="waiting">{says.loading}</p>;
    }
    if (identity === null) {
      return (
        <Door personas={personas} problem={problem} onChoose={choose} onToken={useToken} onLanguage={setLanguage} />
      );
    }
    return (
      <Suspense fallback={<p className="waiting">{says.loading}</p>}>
        <Workbench
          identity={identity}
          personas={personas}
          language={language}
          onChoose={choose}
          onLeave={leave}
          onLanguage={setLanguage}
        />
      </Suspense>
    );
  }, [personas, identity, problem, language, says, choose, useToken, leave]);

  return <LanguageContext value={language}>{content}</LanguageContext>;
}
