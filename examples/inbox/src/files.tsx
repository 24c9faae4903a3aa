/** Files with a message: chosen and uploaded before it is sent, fetched with the viewer's own token after. */

import { type ChangeEvent, useId, useState } from "react";
import { useClient } from "urql";
import { useConnection } from "./client";
import { graphql } from "./gql";
import { useTexts } from "./texts";

export const ATTACHMENT_PARTS = graphql(`
  fragment AttachmentParts on Attachment { id name size }
`);

const LINK = graphql(`
  query AttachmentLink($id: ID!) {
    node(id: $id) {
      __typename
      ... on Attachment { name url }
    }
  }
`);

export interface Attached {
  id: string;
  name: string | null;
  size: number;
}

/** What the server says of a request that it refuses; null where it says nothing. */
async function refusal(answer: Response): Promise<string | null> {
  const told = (await answer.json().catch(() => null)) as { errors?: { message: string }[] } | null;
  return told?.errors?.[0]?.message ?? null;
}

export function AttachmentList({ attachments }: { attachments: Attached[] }) {
  const says = useTexts();
  const client = useClient();
  const { fetch } = useConnection();
  const [problem, setProblem] = useState<string | null>(null);
  if (attachments.length === 0) return null;
  const save = async (id: string) => {
    setProblem(null);
    // The link is good for five minutes, so it is asked for when it is used.
    const { data } = await client.query(LINK, { id }).toPromise();
    const file = data?.node?.__typename === "Attachment" ? data.node : null;
    const answer = file?.url ? await fetch(file.url).catch(() => null) : null;
    if (!answer?.ok) {
      setProblem((answer && (await refusal(answer))) ?? says.files.gone);
      return;
    }
    const address = URL.createObjectURL(await answer.blob());
    const link = document.createElement("a");
    link.href = address;
    link.download = file?.name ?? "";
    link.click();
    URL.revokeObjectURL(address);
  };
  return (
    <>
      <ul>
        {attachments.map(({ id, name, size }) => (
          <li key={id}>
            <button type="button" className="plain" onClick={() => void save(id)}>
              {says.files.save(name ?? says.files.unnamed, Math.ceil(size / 1024))}
            </button>
          </li>
        ))}
      </ul>
      {problem && (
        <p className="notice bad" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

interface Props {
  attached: Attached[];
  onAttached: (attached: Attached[]) => void;
}

export function AttachFiles({ attached, onAttached }: Props) {
  const says = useTexts();
  const id = useId();
  const { fetch } = useConnection();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const choose = async (event: ChangeEvent<HTMLInputElement>) => {
    const field = event.currentTarget;
    const file = field.files?.[0];
    if (!file) return;
    setBusy(true);
    setProblem(null);
    const form = new FormData();
    form.set("file", file);
    const answer = await fetch("/attachments", { method: "POST", body: form }).catch(() => null);
    if (answer?.ok) onAttached([...attached, (await answer.json()) as Attached]);
    else setProblem((answer && (await refusal(answer))) ?? says.failed.network);
    field.value = "";
    setBusy(false);
  };
  return (
    <>
      <label htmlFor={id}>{says.files.attach}</label>
      <input id={id} type="file" onChange={(event) => void choose(event)} disabled={busy} />
      <p role="status">{busy ? says.files.uploading : ""}</p>
      {problem && (
        <p className="notice bad" role="alert">
          {problem}
        </p>
      )}
      {attached.length > 0 && (
        <ul>
          {attached.map((one) => (
            <li key={one.id}>
              {one.name}{" "}
              <button
                type="button"
                className="plain"
                onClick={() => onAttached(attached.filter((other) => other.id !== one.id))}
              >
                {says.files.remove(one.name ?? says.files.unnamed)}
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
