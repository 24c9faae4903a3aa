/** Taking a colleague into a conversation: for staff. The colleague sees what is written from then on, or more by themself. */

import { type FormEvent, useId, useState } from "react";
import { useClient } from "urql";
import { useAnswer } from "./asking";
import { type Failure, failureOf } from "./client";
import { useAnnounce, useHappened } from "./events";
import { graphql } from "./gql";
import { Failed, Waiting } from "./parts";
import { type Problem, Problems } from "./problems";
import { staffAround } from "./recipients";
import { useTexts } from "./texts";

const COLLEAGUES = graphql(`
  query Colleagues($thread: ID!) {
    node(id: $thread) {
      __typename
      ... on Thread {
        unit { id kind staff { id name } }
        child { groups { unit { id } staff { id name } } }
        participants { person { id } }
      }
    }
  }
`);

const ADD = graphql(`
  mutation AddParticipant($input: AddParticipantInput!) {
    addParticipant(input: $input) { thread { id } problems { ...ProblemParts } }
  }
`);

export function TakeIn({ threadId }: { threadId: string }) {
  const says = useTexts();
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{says.thread.take}</summary>
      {open && <Colleagues threadId={threadId} />}
    </details>
  );
}

function Colleagues({ threadId }: { threadId: string }) {
  const says = useTexts();
  const client = useClient();
  const happened = useHappened();
  const announce = useAnnounce();
  const id = useId();
  const { data, failure, refresh } = useAnswer(COLLEAGUES, { thread: threadId });
  const [personId, setPerson] = useState("");
  const [problems, setProblems] = useState<Problem[]>([]);
  const [failed, setFailed] = useState<Failure | null>(null);
  if (!data) return failure ? <Failed failure={failure} onRetry={refresh} /> : <Waiting />;
  const thread = data.node?.__typename === "Thread" ? data.node : null;
  const taking = new Set(thread?.participants.map(({ person }) => person.id));
  const colleagues = thread ? staffAround(thread.child.groups, thread.unit).filter((one) => !taking.has(one.id)) : [];
  if (colleagues.length === 0) return <p>{says.thread.noColleagues}</p>;
  const chosen = colleagues.find((one) => one.id === personId);

  const add = async (event: FormEvent) => {
    event.preventDefault();
    if (!chosen) return;
    const result = await client.mutation(ADD, { input: { threadId, personId: chosen.id } }).toPromise();
    setFailed(result.error ? failureOf(result.error) : null);
    setProblems(result.data?.addParticipant.problems ?? []);
    if (result.data?.addParticipant.thread) {
      announce(says.thread.takenIn(chosen.name));
      happened();
    }
  };

  return (
    <form onSubmit={add}>
      <label htmlFor={id}>{says.thread.colleague}</label>
      <select id={id} value={chosen?.id ?? ""} onChange={(event) => setPerson(event.currentTarget.value)}>
        <option value="">{says.write.choose}</option>
        {colleagues.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name}
          </option>
        ))}
      </select>
      <Problems problems={problems} />
      {failed && <Failed failure={failed} />}
      <button type="submit">{says.thread.takeIn}</button>
    </form>
  );
}
