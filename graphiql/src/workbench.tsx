/** GraphiQL as one viewer, with the others within reach. */

import "graphiql/setup-workers/vite";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { type GraphiQLPlugin, pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import type { Fetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createContext, useContext, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { AboutTheAnswer } from "./answer";
import { fetcherFor } from "./asking";
import { examples } from "./examples";
import type { Identity, Persona } from "./identity";
import { LanguageChoice } from "./language";
import { Personas } from "./personas";
import { type Language, LanguageContext, useTexts } from "./texts";

interface Props {
  identity: Identity;
  personas: Persona[];
  language: Language;
  onChoose: (persona: Persona) => void;
  onLeave: () => void;
  onLanguage: (language: Language) => void;
}

interface Workbench extends Props {
  /** Asks as `identity`. */
  fetcher: Fetcher;
}

const WorkbenchContext = createContext<Workbench | null>(null);

function useWorkbench(): Workbench {
  const workbench = useContext(WorkbenchContext);
  if (workbench === null) throw new Error("Only for what stands in the workbench.");
  return workbench;
}

function WhoAsks() {
  const says = useTexts();
  const { identity, personas, onChoose } = useWorkbench();
  const here = useRef<HTMLElement>(null);

  useEffect(() => {
    here.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }, [identity]);

  useEffect(() => {
    const pane = here.current?.parentElement;
    // The pane would hand its scrolling on to whatever is shown in it next.
    return () => pane?.scrollTo(0, 0);
  }, []);

  return (
    <section className="who-asks" ref={here}>
      <h2>{says.whoAsks}</h2>
      <Personas personas={personas} chosen={identity.persona} onChoose={onChoose} />
    </section>
  );
}

function PeopleIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round">
      <circle cx="9" cy="8" r="3.6" />
      <path d="M2.5 20c.4-4 3-6.200 6.500-6.200s6.100 2.200 6.500 6.200" />
      <path d="M15.500 4.800a3.600 3.600 0 0 1 0 6.400M18 14.400c2 .9 3.200 2.800 3.500 5.600" />
    </svg>
  );
}

const WHO_ASKS: GraphiQLPlugin = { title: "Who asks? / Hvem spør?", icon: PeopleIcon, content: WhoAsks };
const WITH_PERSONAS = [WHO_ASKS, HISTORY_PLUGIN];
const WITHOUT_PERSONAS = [HISTORY_PLUGIN];

/** Written so that a text the viewer has worked on is never thrown away by choosing somebody else. */
function isExample(text: string, personas: Persona[]): boolean {
  const trimmed = text.trim();
  return (
    trimmed === "" ||
    personas.some(({ query }) => query.trim() === trimmed) ||
    examples.some(({ query }) => query.trim() === trimmed)
  );
}

/** Asks again whenever somebody else asks: an answer must never stand under another viewer's name. */
function AskAnew() {
  const { identity, personas, fetcher } = useWorkbench();
  const { fetcher: inUse, queryEditor, responseEditor, schema, tabs } = useGraphiQL(
    pick("fetcher", "queryEditor", "responseEditor", "schema", "tabs"),
  );
  const { run, stop, updateActiveTabValues } = useGraphiQLActions();
  const answeredFor = useRef<Identity | null>(null);
  // The editor takes up a new fetcher a moment after the page knows of it; before that it would ask as the one before.
  const ready = queryEditor !== undefined && responseEditor !== undefined && Boolean(schema) && inUse === fetcher;

  useEffect(() => {
    if (!ready || answeredFor.current === identity) return;
    const first = answeredFor.current === null;
    answeredFor.current = identity;
    stop();
    for (const tab of tabs) {
      // In place: the editor has no act for it, and shows another tab's answer only when one goes there.
      tab.response = null;
    }
    responseEditor.setValue("");
    updateActiveTabValues({ response: null });
    const text = queryEditor.getValue();
    if (!isExample(text, personas)) return;
    const own = identity.persona?.query;
    if (own && !first && !examples.some(({ query }) => query.trim() === text.trim())) queryEditor.setValue(own);
    run();
  }, [ready, identity, personas, queryEditor, responseEditor, tabs, run, stop, updateActiveTabValues]);

  return null;
}

function Examples() {
  const says = useTexts();
  const language = useContext(LanguageContext);
  const { identity } = useWorkbench();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const { run } = useGraphiQLActions();
  const own = identity.persona;

  function show(query: string) {
    queryEditor?.setValue(query);
    run();
  }

  return (
    <select
      className="examples"
      aria-label={says.examples}
      value=""
      disabled={queryEditor === undefined}
      onChange={(event) => {
        const chosen = event.currentTarget.value;
        if (chosen === "own") show(own?.query ?? "");
        else show(examples[Number(chosen)]?.query ?? "");
      }}
    >
      <option value="" disabled>
        {says.examples}
      </option>
      {own?.query && <option value="own">{says.exampleFor(own.title)}</option>}
      {examples.map(({ title }, index) => (
        <option key={title.en} value={index}>
          {title[language]}
        </option>
      ))}
    </select>
  );
}

function SignedInAs() {
  const says = useTexts();
  const { identity, onLeave, onLanguage } = useWorkbench();
  return (
    <div className="session">
      <Examples />
      <span className="signed-in" role="status">
        <span className="quiet">{says.signedInAs}</span> <strong>{identity.persona?.title ?? says.pastedToken}</strong>
      </span>
      <button type="button" onClick={onLeave}>
        {says.signOut}
      </button>
      <LanguageChoice onLanguage={onLanguage} />
    </div>
  );
}

export default function WorkbenchPage(props: Props) {
  const { identity, personas, language } = props;
  const says = useTexts();
  const now = useRef({ identity, language });
  useLayoutEffect(() => {
    now.current = { identity, language };
  }, [identity, language]);
  const fetcher = useMemo(
    () =>
      fetcherFor(
        identity,
        () => now.current.identity === identity,
        () => now.current.language,
      ),
    [identity],
  );
  const opening = useRef(identity.persona?.query ?? examples[0]?.query);
  const withPersonas = personas.length > 0;
  return (
    <WorkbenchContext value={{ ...props, fetcher }}>
      <main className="workbench">
        <h1 className="for-the-ear">{says.title}</h1>
        <GraphiQL
          fetcher={fetcher}
          // What is written here may name people: it goes when the tab is closed.
          storage={sessionStorage}
          initialQuery={opening.current}
          plugins={withPersonas ? WITH_PERSONAS : WITHOUT_PERSONAS}
          visiblePlugin={withPersonas ? WHO_ASKS : undefined}
          isHeadersEditorEnabled={false}
          shouldPersistHeaders={false}
          showPersistHeadersSettings={false}
          schemaDescription
        >
          <GraphiQL.Logo>
            <SignedInAs />
          </GraphiQL.Logo>
          <GraphiQL.Footer>
            <AboutTheAnswer who={identity.persona?.title ?? null} />
          </GraphiQL.Footer>
          <AskAnew />
        </GraphiQL>
      </main>
    </WorkbenchContext>
  );
}
