/** A text and its sending: what came back, the advice on sensitive text, and a safe second try. */

import { type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import type { CombinedError } from "urql";
import { type Failure, failureOf } from "./client";
import { type Attached, AttachFiles } from "./files";
import { Nudge } from "./nudge";
import { Failed } from "./parts";
import { type Problem, Problems } from "./problems";
import { useTexts } from "./texts";

export interface Outcome {
  sent: boolean;
  /** False where nobody knows whether it was carried out: the same key has to be used again. */
  heard: boolean;
  problems: Problem[];
  failure: Failure | null;
}

export function sendOutcome(error: CombinedError | undefined, problems: Problem[] | undefined): Outcome {
  const failure = error ? failureOf(error) : null;
  const told = problems ?? [];
  return {
    sent: failure === null && problems !== undefined && told.length === 0,
    heard: failure === null,
    problems: told,
    failure,
  };
}

interface Props {
  label: string;
  describedBy?: string;
  unit: { name: string; phone?: string | null } | null;
  onSend: (body: string, attachmentIds: string[], acknowledgeSensitive: boolean) => Promise<Outcome>;
  /** What is missing beside the text, told instead of sending. */
  missing?: () => string | null;
  /** Something that has to be shown before is still being asked for. */
  waiting?: boolean;
  confirmation: string;
  /** Other texts that are sent along, by their names in the input. */
  besides?: Record<string, string>;
  children?: ReactNode;
}

export function WriteBox({
  label,
  describedBy,
  unit,
  onSend,
  missing,
  waiting = false,
  confirmation,
  besides,
  children,
}: Props) {
  const says = useTexts();
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const [body, setBody] = useState("");
  const [attached, setAttached] = useState<Attached[]>([]);
  const [busy, setBusy] = useState(false);
  const [came, setCame] = useState<(Outcome & { of: string }) | null>(null);
  const [lacking, setLacking] = useState<string | null>(null);

  const sent = { body: body.trim(), ...besides };
  const written = JSON.stringify(sent);
  // What was said of a text is said of no other: neither its places, nor that it may go on, nor that it is safe to repeat.
  const outcome = came !== null && (came.sent || came.of === written) ? came : null;

  const send = async (acknowledge: boolean) => {
    const lacks = missing?.() ?? (body.trim() === "" ? says.write.missing.body : null);
    setLacking(lacks);
    if (lacks !== null || busy || waiting) return;
    setBusy(true);
    setCame(null);
    const result = await onSend(
      body.trim(),
      attached.map((one) => one.id),
      acknowledge,
    );
    setBusy(false);
    setCame({ ...result, of: written });
    if (result.sent) {
      setBody("");
      setAttached([]);
      field.current?.focus();
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send(false);
  };
  const sensitive = outcome?.problems.filter(({ code }) => code === "SENSITIVE_CONTENT") ?? [];
  const others = outcome?.problems.filter(({ code }) => code !== "SENSITIVE_CONTENT") ?? [];

  return (
    <form onSubmit={submit} noValidate>
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        ref={field}
        rows={5}
        value={body}
        aria-describedby={describedBy}
        aria-invalid={lacking !== null && body.trim() === ""}
        onChange={(event) => setBody(event.currentTarget.value)}
      />
      <AttachFiles attached={attached} onAttached={setAttached} />
      {children}
      {lacking && (
        <p className="notice bad" role="alert">
          {lacking}
        </p>
      )}
      <Problems problems={others} />
      {sensitive.length > 0 && (
        <Nudge
          problems={sensitive}
          sent={sent}
          unit={unit}
          onAnyway={() => void send(true)}
          onChange={() => {
            setCame(null);
            field.current?.focus();
          }}
        />
      )}
      {outcome?.failure && (
        <>
          <Failed failure={outcome.failure} />
          <p>{says.notSent}</p>
        </>
      )}
      <button type="submit" aria-disabled={busy || waiting}>
        {busy ? says.sending : outcome?.failure ? says.sendAgain : says.send}
      </button>
      <p role="status">{outcome?.sent ? confirmation : ""}</p>
    </form>
  );
}
